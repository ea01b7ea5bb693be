"""The command line's parser: every command with its arguments, and what --help says of them. Not for what the commands do
(commands.py); the arguments of some stand beside what is done with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date

from oclc_console import __version__
from oclc_console.cli.checklist import checklist_arguments, evidence_arguments
from oclc_console.cli.log import add_arguments as log_arguments
from oclc_console.cli.oversight import add_arguments as status_arguments
from oclc_console.cli.planning_arguments import add_symbols, add_timeline
from oclc_console.rehearsal.mishaps import MISHAPS


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no count; write it in digits, as in 12406")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2026-11-22") from None


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS,
                        help="the workspace folder, or a pack (default: here)")
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object on stdout")
    shared.add_argument("--as", dest="acting_as", metavar="LOGIN", default=argparse.SUPPRESS, help="act as (rehearsal only)")
    top = argparse.ArgumentParser(prog="oclc-console", parents=[shared],
                                  description="The console for a library's OCLC work. Without a command: the screens.")
    top.add_argument("--version", action="version", version=f"oclc-console {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words, parents=[shared])

    demo = add("demo", "a workspace from nothing, a rehearsal OCLC, and the console on it")
    demo.add_argument("--records", type=int, default=6000, metavar="N", help="records in all symbols together (default 6000)")
    demo.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same records (default 1)")
    demo.add_argument("--dir", default="demo", metavar="DIR", help="where (default: demo)")
    demo.add_argument("--headless", action="store_true", help="the whole cycle once for every symbol, then exit")
    demo.add_argument("--fault", choices=list(MISHAPS), default="", metavar="NAME",
                      help="something goes wrong on purpose, one of those listed below")
    demo.formatter_class = argparse.RawDescriptionHelpFormatter
    demo.epilog = "what can go wrong (--fault NAME):\n" + "\n".join(f"  {m.name:<18}{m.happens}" for m in MISHAPS.values())
    init = add("init", "a starter workspace with a commented console.toml")
    init.add_argument("dir", metavar="DIR")
    init.add_argument("--name", default="Example University Library", help="the institution's name")
    check = add("check", "settings, login, folders, host key; sends nothing without --send")
    check.add_argument("symbol", nargs="?", metavar="SYMBOL")
    check.add_argument("--send", action="store_true", help="upload a small probe, as Alma's Test FTP does")
    _host_key(check)
    keys = add("keys", "make a key pair for the file exchange, and how OCLC gets its public half")
    keys.add_argument("--type", dest="kind", choices=["ed25519", "rsa"], default="ed25519",
                      help="the kind of key (default ed25519; an rsa key has 4096 bits)")
    keys.add_argument("--passphrase", action="store_true", help="ask for a passphrase for the private key")
    keys.add_argument("--show", action="store_true", help="make nothing: say it again for the key that is there")
    _lint(add("lint", "what OCLC will say about the records of any MARC file; needs no workspace"))
    prepare = add("prepare", "Alma's published files become files OCLC will accept")
    prepare.add_argument("symbol", metavar="SYMBOL")
    prepare.add_argument("files", nargs="+", metavar="FILE")
    prepare.add_argument("--set-count", type=_count, metavar="N", help="Alma's own count of the set, compared")
    prepare.add_argument("--accept-unrouted", metavar="REASON", help="go on although records are unrouted or double; logged")
    prepare.add_argument("--workers", type=int, default=1, metavar="N", help="processes on this machine (default 1)")
    prepare.add_argument("--cluster", metavar="URL", help="a Dask scheduler, as in tcp://scheduler:8786, instead; its workers "
                                                          "must see the workspace and the files under the same paths")
    upload = add("upload", "send what waits in a symbol's outbox (every symbol's without SYMBOL)")
    upload.add_argument("symbol", nargs="?", metavar="SYMBOL")
    upload.add_argument("--again", metavar="FILE", help="send this file once more although its bytes went out")
    upload.add_argument("--reason", metavar="R", help="why; logged")
    upload.add_argument("--unattended", action="store_true", help="nobody is there (for a timer): only streams that stand "
                                                                  "approved go out")
    _host_key(upload)
    fetch = add("fetch", "bring every report and file of records that is not here yet")
    fetch.add_argument("symbol", nargs="?", metavar="SYMBOL")
    _host_key(fetch)
    account = add("account", "what became of every record")
    account.add_argument("symbol", metavar="SYMBOL")
    account.add_argument("--mail", action="store_true", help="the mail to OCLC about what is late or was removed, to be sent")
    _coverage(add("coverage", "where every record of the set went: excluded, set aside, each stream, unrouted, double"))
    _reports(add("reports", "OCLC's reports and the work they make: import, list, show, mark, export, pack, merge"), shared)
    checklist_arguments(add("checklist", "the milestones and tasks of a symbol: sign off, not applicable, reopen, claim, plan"),
                        _day)
    evidence_arguments(add("evidence", "what is known of a symbol and what is missing; enter what only people know"))
    _gates(add)
    add_symbols(add("symbols", "which symbol becomes which, with libraries and streams; import them from a table"), shared)
    add_timeline(add("timeline", "when each step was planned and when it happened, drawn; what slipped and by how much"))
    _people(add, shared)
    status_arguments(add("status", "where every symbol is and what it waits for, also as a page for the oversight committee"))
    log_arguments(add("log", "who did what, when; `log verify` proves that nothing was changed"))
    return top


def _gates(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    from oclc_console.cli.gates import add_approve, add_sign

    add_sign(add("sign", "the gates before what can't be taken back: look, sign, take a condition upon yourself"), _day)
    add_approve(add("approve", "sign that a stream may go out with nobody there, or see which may"), _count)


def _people(add: Callable[[str, str], argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    from oclc_console.cli.people import add_authorizations, add_decisions

    add_authorizations(add("authorizations", "who catalogs under which symbol: surveys, checks, OCLC's request form"), shared)
    add_decisions(add("decisions", "what was decided, by whom, when and why; deciding, reopening, new options"))


def _host_key(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host-key", metavar="SHA256:...",
                         help="pin the server's host key if, and only if, it has this fingerprint (for a timer)")


def _reports(reports: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    actions = reports.add_subparsers(dest="action", metavar="ACTION", required=True)
    take = actions.add_parser("import", help="take in report files that came another way", parents=[shared])
    take.add_argument("files", nargs="+", metavar="FILE")
    listing = actions.add_parser("list", help="every report that is here", parents=[shared])
    listing.add_argument("symbol", nargs="?", metavar="SYMBOL")
    nameless = actions.add_parser("nameless", help="the records OCLC reported on without a local number, found again in the "
                                                   "files that were sent", parents=[shared])
    nameless.add_argument("symbol", nargs="?", metavar="SYMBOL")
    show = actions.add_parser("show", help="the exceptions of a report, or everything about one record", parents=[shared])
    show.add_argument("what", metavar="REPORT|ID", help="a report's name, an LSN or a record key")
    show.add_argument("--from", dest="start", type=_count, default=1, metavar="N", help="first row to show (default 1)")
    show.add_argument("--rows", type=_count, default=50, metavar="N", help="how many rows (default 50)")
    _reports_work(actions, shared)
    _reports_out(actions, shared)


_Actions = argparse._SubParsersAction  # the type argparse gives its subcommands; it has no public name


def _reports_work(actions: _Actions[argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    mark = actions.add_parser("mark", help="what you did about records: claim, state, note", parents=[shared])
    mark.add_argument("ids", nargs="+", metavar="ID", help="local numbers or record keys")
    mark.add_argument("--symbol", metavar="SYMBOL", help="whose records (needed when two symbols know the number)")
    mark.add_argument("--claim", action="store_true", help="they are yours now")
    mark.add_argument("--state", metavar="STATE", help="open, claimed, fixed, accepted, excluded, reported or waiting")
    mark.add_argument("--owner", metavar="LOGIN", help='who has them now; "" is nobody')
    mark.add_argument("--note", default="", metavar="TEXT")
    mark.add_argument("--take-over", action="store_true", help="also those that somebody else has")
    actions.add_parser("undo", help="take your last act back", parents=[shared])


def _reports_out(actions: _Actions[argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    export = actions.add_parser("export", help="rejections as a table, or as ids for Alma", parents=[shared])
    export.add_argument("symbol", nargs="?", metavar="SYMBOL")
    for name, words in (("library", 'its code; "" is none known'), ("group", "a group of faults, by its id or title"),
                        ("severity", "CRITICAL, SEVERE, MINOR"), ("owner", 'a login; "" is nobody'),
                        ("state", "open, claimed, fixed ..., or todo"), ("report", "a report's name")):
        export.add_argument(f"--{name}", metavar=name.upper(), help=words)
    export.add_argument("--text", default="", metavar="WORDS", help="words that must all occur; !word must not")
    export.add_argument("--minor", action="store_true", help="also records that OCLC took all the same")
    export.add_argument("--form", choices=["csv", "xlsx", "alma", "list"], default="csv",
                        help="a table (csv, xlsx), the MMS ids for a set in Alma, or the list of local numbers")
    export.add_argument("--each", choices=["library", "group"], help="a file a library or group, into the folder PATH")
    export.add_argument("--to", metavar="PATH", help="where (default: exports in the workspace)")
    pack = actions.add_parser("pack", help="one file with a library's rejections, for a laptop", parents=[shared])
    pack.add_argument("--library", metavar="WID", help="the library's code")
    pack.add_argument("--symbol", metavar="SYMBOL", help="of this symbol only")
    pack.add_argument("--to", metavar="FILE", help="where (default: LIBRARY-DAY.pack here)")
    merge = actions.add_parser("merge", help="take in the work of a pack that comes back", parents=[shared])
    merge.add_argument("file", metavar="FILE", help="the pack, or the folder it was unpacked into")
    merge.add_argument("--keep", action="append", default=[], metavar="[KEY=]ours|theirs",
                       help="who holds where both sides changed a record: for one, or for all that are not named")
    merge.add_argument("--look", action="store_true", help="only say what would happen")


def _coverage(coverage: argparse.ArgumentParser) -> None:
    coverage.add_argument("symbol", metavar="SYMBOL")
    coverage.add_argument("--run", metavar="RUN", help="one prepare run (default: those that count for the set)")
    coverage.add_argument("--export", metavar="PART", help="write the records of a part, such as unrouted, excluded:brief, "
                                                           "stream:Manuscripts or quarantined")
    coverage.add_argument("--format", choices=["csv", "alma"], help="csv (default), or alma: the MMS ids, to make a set of")
    coverage.add_argument("--out", metavar="FILE", help="where (default: exports/SYMBOL in the workspace)")


def _lint(lint: argparse.ArgumentParser) -> None:
    lint.add_argument("files", nargs="*", metavar="FILE")
    lint.add_argument("--rules", action="store_true", help="list every rule: id, severity, sentence, source, what to do")
    lint.add_argument("--severity", default="NOTICE", choices=["NOTICE", "MINOR", "SEVERE", "CRITICAL"], type=str.upper,
                      help="leave out what is less severe (default: NOTICE, all)")
    lint.add_argument("--csv", metavar="FILE", help="write every finding as a line of a CSV file")
