"""The words of `authorizations` and `decisions` on the command line: actions and options, nothing else. Every start of the
console makes the whole parser, so this loads nothing; what the commands do is in authorizations.py and decisions.py."""

from __future__ import annotations

import argparse

# as project/authorizations.py has them (a test compares): that module is not loaded for the sake of a parser
FIELDS = ("person", "email", "symbol", "target", "level", "new_level", "number", "new_number", "status", "greeting",
          "classification", "subjects", "note")
STATES = ("active", "wanted", "moved", "left", "deleted")


def add_authorizations(command: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The actions of `authorizations` and their options."""
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=words, description=words, parents=[shared])

    take = add("import", "take in a unit's survey; a newer one takes the place of the older")
    take.add_argument("file", metavar="FILE", help="CSV or XLSX with a row of headings, such as Name, Unit, Current symbol, "
                                                   "Target symbol, Level, Authorization number, Status; no passwords")
    take.add_argument("--unit", metavar="U", help="whose survey it is, where its rows don't say: a library's code")
    listing = add("list", "the roster, and which units have answered")
    listing.add_argument("--unit", metavar="U", help="of this unit only")
    add("check", "shared logins, people without a target, people still under a symbol that goes away; exit 1 if any")
    asking = add("requests", "what is to be asked of OCLC, in its form's batches of 5 adds, 5 changes, 10 deletes")
    asking.add_argument("--write", action="store_true", help="write them as text and CSV below exports, and record it")
    change = add("set", "change fields of one person")
    change.add_argument("who", metavar="PERSON", help="name, e-mail address, number or key")
    for name in FIELDS:
        words = f"one of: {', '.join(STATES)}" if name == "status" else None
        change.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=words)
    change.add_argument("--reason", default="", metavar="R", help="why; it stays in the log")


def add_decisions(command: argparse.ArgumentParser) -> None:
    """The options of `decisions`."""
    command.add_argument("id", nargs="?", metavar="ID", help="one decision in full; without: all of them")
    command.add_argument("--symbol", metavar="S", help="of this symbol (without: of the whole project)")
    act = command.add_mutually_exclusive_group()
    act.add_argument("--choose", metavar="OPTION", help="record what was decided: an option, or its number; needs --reason")
    act.add_argument("--option", metavar="TEXT", help="add an option, or with --result the result of its test")
    act.add_argument("--reopen", metavar="REASON", help="open it again; the history stays")
    act.add_argument("--new", metavar="TITLE", help="open a decision that the template does not have")
    command.add_argument("--reason", metavar="R", help="with --choose: why")
    command.add_argument("--link", metavar="L", help="with --choose: where it is written down")
    command.add_argument("--by", metavar="WHO", help="with --choose: who decided (default: you)")
    command.add_argument("--on", metavar="DATE", help="with --choose: the day of the decision (default: today)")
    command.add_argument("--result", metavar="R", help="with --option: what the test of it showed")
    command.add_argument("--question", metavar="Q", help="with --new: what is to be decided, in a sentence")
