"""`log`: what people did, as a list with filters or as a file; `log verify` proves that nothing was changed, `log rebuild`
makes project.json anew. Also says, after any command, that a torn line of the log was set aside. Not for reading the log itself
(operations/reading_log.py).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oclc_console.operations.reading_log import Wanted
    from oclc_console.workspace import Workspace

_VERIFY, _REBUILD, _EXPORT = "verify", "rebuild", "export"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `log` can be asked."""
    command.add_argument("words", nargs="*", metavar="WORD",
                         help="only lines that hold all of these (!word: that do not); or: verify | rebuild | export FILE")
    command.add_argument("--symbol", default="", metavar="SYMBOL", help="of this symbol; - is the project as a whole")
    command.add_argument("--by", default="", metavar="LOGIN", help="by this person")
    command.add_argument("--act", default="", metavar="ACT", help="of this kind, as in milestone or milestone.done")
    command.add_argument("--since", type=_day, metavar="DATE", help="from this day on")
    command.add_argument("--until", type=_day, metavar="DATE", help="up to this day")
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = ("log verify        proves that no line was changed or removed, and that project.json says the same\n"
                      "log rebuild       makes project.json anew from the log\n"
                      "log export FILE   the lines as FILE.csv (a spreadsheet), .jsonl (as they are) or .md (to be read)")


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the log command. Exit 1 when it proves that something was changed."""
    from oclc_console.operations.reading_log import Wanted

    as_json, words = bool(getattr(options, "json", False)), list(options.words)
    if words[:1] in ([_VERIFY], [_REBUILD]) and len(words) == 1:
        return _verify(workspace, as_json=as_json) if words == [_VERIFY] else _rebuild(workspace, as_json=as_json)
    to = None
    if words[:1] == [_EXPORT]:
        to, words = _file(words), words[2:]
    wanted = Wanted(options.symbol, options.by, options.act, options.since, options.until, tuple(words))
    return _export(workspace, wanted, to, as_json=as_json) if to else _list(workspace, wanted, as_json=as_json)


@contextmanager
def told_what_is_set_aside(options: argparse.Namespace) -> Iterator[None]:
    """Says on stderr when the log's last line turned out to be torn while a command ran, and where it is kept."""
    from oclc_console.store.log import TORN
    from oclc_console.workspace import VARIABLE

    root = Path(getattr(options, "workspace", None) or os.environ.get(VARIABLE) or ".")
    before = set(root.glob(f"{TORN}*")) if root.is_dir() else set()
    try:
        yield
    finally:
        if root.is_dir() and (found := sorted(set(root.glob(f"{TORN}*")) - before)):
            from oclc_console.cli.show import say

            for path in found:
                say(f"! The log ended in a torn line (a process was killed while it wrote it): nobody was told that it was "
                    f"written. It is kept in {path}, and the log goes on without it.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2026-11-22") from None


def _file(words: list[str]) -> Path:
    from oclc_console.errors import CallError

    if len(words) < 2:
        raise CallError("an export needs a file", where="log export", then="Say, for example: log export log.csv")
    return Path(words[1])


def _list(workspace: Workspace, wanted: Wanted, *, as_json: bool) -> int:
    from oclc_console.cli import show
    from oclc_console.operations.reading_log import fits
    from oclc_console.store import log

    every = log.read(workspace)
    lines = [line for line in every if fits(line, wanted)]
    told = [f"{line.seq:>5} {line.at} {line.by:<12} {line.symbol or '':<6} {line.words}" for line in lines]
    if wanted.text:
        told.append(f"{len(lines):,} of {len(every):,} lines")
    elif not every:
        told = ["Nobody has signed or decided anything yet."]
    show.answer({"lines": [asdict(line) for line in lines], "of": len(every)}, as_json, told)
    return 0


def _export(workspace: Workspace, wanted: Wanted, to: Path, *, as_json: bool) -> int:
    from oclc_console.cli import show
    from oclc_console.operations.reading_log import export_log

    done = export_log(workspace, wanted, to)
    show.answer({"file": str(done.path), "lines": done.lines, "of": done.of}, as_json,
                [f"{done.lines:,} of {done.of:,} lines in {done.path}"])
    return 0


def _verify(workspace: Workspace, *, as_json: bool) -> int:
    from oclc_console.cli import show
    from oclc_console.store import log
    from oclc_console.store.project import changed_ones, check_fold

    found = log.verify(workspace)
    fold = check_fold(workspace) if found.ok else None  # what a changed log adds up to proves nothing
    torn, cut, changed = log.set_aside(workspace), log.torn_bytes(workspace), changed_ones(workspace)
    words = [f"{found.lines} lines, unbroken" if found.ok else f"broken at line {found.first_bad}: {found.reason}"]
    if fold is not None:
        words.append(fold.sentence + ("" if fold.ok else ". Run: oclc-console log rebuild"))
    if cut:
        words.append(f"! the log ends in {cut:,} bytes of a torn line; the next one who signs sets them aside")
    words += [f"! a torn last line was set aside, {path.stat().st_size:,} bytes: {path}" for path in torn]
    words += [f"! a project.json that said something else was set aside: {path}" for path in changed]
    told = {**vars(found), "fold": asdict(fold) if fold else None, "torn_bytes": cut,
            "torn": [str(path) for path in torn], "changed": [str(path) for path in changed]}
    show.answer(told, as_json, words)
    return 0 if found.ok and (fold is None or fold.ok) else 1


def _rebuild(workspace: Workspace, *, as_json: bool) -> int:
    from oclc_console.cli import show
    from oclc_console.store.project import rebuild

    lines = rebuild(workspace)
    show.answer({"lines": lines}, as_json, [f"project.json is made anew from {lines:,} lines of the log"])
    return 0
