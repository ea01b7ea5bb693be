"""`python -m oclc_console`: the same command as `oclc-console`; detached operations are started this way."""

from oclc_console.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
