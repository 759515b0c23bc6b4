"""`python -m dingji`."""

from dingji.cli import main

main()
