"""The arguments of the commands about the plan: `symbols` and `timeline`. Cheap to import, since every command builds the
whole parser. Not for what the commands do (symbols.py, timeline.py)."""

from __future__ import annotations

import argparse


def add_symbols(symbols: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """`symbols`, `symbols import CSV [--apply]`."""
    from oclc_console.project.mapping_table import COLUMNS

    actions = symbols.add_subparsers(dest="action", metavar="ACTION")
    words = "what a table of symbols, libraries and streams would change in console.toml"
    take = actions.add_parser("import", help=words, parents=[shared],
                              description=f"{words}. Its columns: {', '.join(COLUMNS)}.")
    take.add_argument("file", metavar="CSV")
    take.add_argument("--apply", action="store_true", help="change console.toml; a dated copy of it is kept")
