"""The version of dingji."""

__version__ = "0.1.0"
