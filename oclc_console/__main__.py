"""`python -m oclc_console`: the same command as `oclc-console`; detached operations are started this way."""

if __name__ == "__main__":  # a worker process comes by here too, and needs nothing of it
    from oclc_console.cli import main

    raise SystemExit(main())
