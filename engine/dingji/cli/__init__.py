"""Command line (being written)."""


def main() -> None:
    import sys
    from dingji.errors import DingjiError
    from dingji.knowledge import load

    try:
        k = load(sys.argv[3] if len(sys.argv) > 3 else None, cache=False)
        print("ok", len(k.rules), "rules")
    except DingjiError as e:
        print(e)
        sys.exit(e.exit_code)
