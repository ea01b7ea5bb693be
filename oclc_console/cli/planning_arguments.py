"""The arguments of the commands about the plan: `symbols` and `timeline`. Cheap to import, since every command builds the
whole parser. Not for what the commands do (symbols.py, timeline.py)."""

from __future__ import annotations

import argparse

COLUMNS = ("Its columns: current symbol, target symbol, symbol name, disposition, library code, library name, stream, "
           "collection, word, kind, match, delivery, keep.")
ROWS = "bibs, lhrs, bib-updates, lhr-updates, ill-freeze, withdrawals-freeze"


def add_symbols(symbols: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """`symbols`, `symbols import CSV [--apply]`."""
    actions = symbols.add_subparsers(dest="action", metavar="ACTION")
    words = "what a table of symbols, libraries and streams would change in console.toml"
    take = actions.add_parser("import", help=words, parents=[shared],
                              description=f"{words}. {COLUMNS}")
    take.add_argument("file", metavar="CSV")
    take.add_argument("--apply", action="store_true", help="change console.toml; a dated copy of it is kept")


def add_timeline(timeline: argparse.ArgumentParser) -> None:
    """`timeline [SYMBOL] [ROW --draft A..B | --confirmed A..B --with WHO | --actual A..B]`."""
    timeline.add_argument("symbol", nargs="?", metavar="SYMBOL")
    timeline.add_argument("row", nargs="?", metavar="ROW",
                          help=f"{ROWS}, or another one by its name")
    what = timeline.add_mutually_exclusive_group()
    for kind, words in (("draft", "what is planned here"), ("confirmed", "what OCLC confirmed"), ("actual", "what happened")):
        what.add_argument(f"--{kind}", type=_span, metavar="A..B", help=f"{words}: two days, or A.. while it goes on")
    timeline.add_argument("--with", dest="who", default="", metavar="WHO", help="who at OCLC confirmed it")
    timeline.add_argument("--on", type=_span, metavar="DAY", help="on which day (default: today)")
    timeline.add_argument("--note", default="", metavar="TEXT")


def _span(text: str) -> object:
    from oclc_console.project.timeline import span_of

    try:
        return span_of(text)
    except ValueError as mistake:
        raise argparse.ArgumentTypeError(str(mistake)) from None
