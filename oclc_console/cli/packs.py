"""A pack as the workspace of a command, and the commands that make one and take its work in: `reports pack`, `reports merge`. A
pack that was named is unpacked first; when the command (or the console) ends, what was done goes back into its file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console import clock
from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.workspace import VARIABLE, Workspace

if TYPE_CHECKING:
    from oclc_console.operations.merge_pack import Conflict, Merged, Side
    from oclc_console.store.standing import Entry

_AT_HOME = {"import", "merge"}  # of reports: what belongs to the workspace the pack came from
_ANYWHERE = {"demo", "init", "lint"}


@contextmanager
def at_hand(options: argparse.Namespace) -> Iterator[None]:
    """While a command runs: the workspace it names is there, should it be a pack. A pack's work goes back into its file when
    the command is done. Raises CallError for a command that makes no sense in a pack."""
    given = getattr(options, "workspace", None) or os.environ.get(VARIABLE)
    path = Path(given or ".")
    if options.command in _ANYWHERE:
        yield
        return
    if given and not path.is_dir() and (path.suffix.lower() == ".pack" or path.is_file()):
        from oclc_console.operations.open_pack import open_pack

        path = open_pack(path).root
        options.workspace = str(path)
    if not Workspace(path).is_pack:
        yield
        return
    if options.command not in (None, "reports") or getattr(options, "action", "") in _AT_HOME:
        raise CallError("this is a pack: there is nothing to do in it but to work on its rejections", where=str(path),
                        then="In the workspace it came from, say: oclc-console reports merge FILE")
    try:
        yield
    finally:
        _put_back(Workspace(path.absolute()))


def _put_back(workspace: Workspace) -> None:
    from oclc_console.operations.open_pack import put_back

    done = put_back(workspace)
    if done.why:
        show.say(f"! {done.why}. To get it into a file: oclc-console --workspace {workspace.root} reports pack --to FILE")
    elif done.written:
        show.say(f"Your work is in {done.file}: send it back.")


def run_pack(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """`reports pack`: makes one; in a pack, writes the work that was done into another file."""
    if workspace.is_pack:
        return _copy(workspace, options, as_json=as_json)
    from oclc_console.operations.pack import pack

    if options.library is None:
        raise CallError("a pack is for one library", where="reports pack", then="Say: reports pack --library WID --to WID.pack")
    day = clock.stamp(clock.now())[:8]
    to = Path(options.to or f"{''.join(c if c.isalnum() else '-' for c in options.library) or 'no-library'}-{day}.pack")
    made = pack(workspace, options.library, to, symbol=options.symbol)
    told = {"file": str(made.path), "id": made.about.id, "library": made.about.library, "records": made.about.records,
            "symbols": [symbol.code for symbol in made.about.symbols], "sent": made.sent,
            "not_sent": [{"reason": reason, "records": records} for reason, records in made.not_sent]}
    words = [f"{made.path}: {made.about.records:,} records of {', '.join(symbol.code for symbol in made.about.symbols)}",
             f"  {made.sent:,} of them as they were sent",
             *(f"  {records:,} without: {reason}" for reason, records in made.not_sent),
             f"On the laptop: oclc-console {made.path.name}   When it comes back: oclc-console reports merge {made.path.name}"]
    show.answer(told, as_json, words)
    return 0


def _copy(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    from oclc_console.operations.open_pack import put_back

    if options.library is not None or options.symbol is not None:
        raise CallError("this is a pack already: its work can only be put into a file", where="reports pack",
                        then="Leave --library and --symbol away.")
    done = put_back(workspace, Path(options.to) if options.to else None)
    show.answer({"file": str(done.file), "written": done.written, "why": done.why}, as_json,
                [done.why or f"{done.file} holds all of your work: send it back."])
    return 1 if done.why else 0


def run_merge(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """`reports merge`: takes in the work of a pack. Exit 1 while a conflict waits for a decision."""
    from oclc_console.operations.merge_pack import merge

    keep, rest = _decisions(options.keep)
    merged = merge(workspace, Path(options.file), keep, rest, only_look=options.look)
    show.answer(_told(merged), as_json, _words(merged, options))
    return 1 if merged.undecided else 0


def _decisions(given: Sequence[str]) -> tuple[dict[str, Side], Side | None]:
    keep: dict[str, Side] = {}
    rest: Side | None = None
    for word in given:
        key, _, side = word.rpartition("=")
        if side not in ("ours", "theirs"):
            raise CallError(f"{word!r} decides nothing", where="--keep",
                            then="Say --keep ours or --keep theirs, or for one record --keep KEY=ours.")
        if key:
            keep[key] = "ours" if side == "ours" else "theirs"
        else:
            rest = "ours" if side == "ours" else "theirs"
    return keep, rest


def _told(merged: Merged) -> dict[str, Any]:
    about = merged.about
    return {"pack": about.id, "library": about.library, "made_at": about.made_at, "made_by": about.made_by,
            "taken": [{"symbol": symbol, "key": key} for symbol, key in merged.taken], "unchanged": merged.unchanged,
            "conflicts": [{"symbol": each.symbol, "key": each.key, "title": each.title, "kept": each.kept,
                           "ours": [asdict(entry) for entry in each.ours], "theirs": [asdict(entry) for entry in each.theirs]}
                          for each in merged.conflicts],
            "undecided": len(merged.undecided)}


def _words(merged: Merged, options: argparse.Namespace) -> Iterator[str]:
    verb = "would be taken in" if options.look else "taken in"
    yield (f"Pack of {merged.about.library or 'no library'}, {merged.about.made_at[:10]}: {len(merged.taken):,} records "
           f"{verb}, {merged.unchanged:,} with nothing new")
    for conflict in merged.conflicts:
        yield from _conflict_words(conflict)
    if merged.undecided:
        yield ""
        yield f"{len(merged.undecided):,} records were changed on both sides: of these nothing was taken. Decide, for example:"
        yield f"oclc-console reports merge {options.file} --keep {merged.undecided[0].key}=theirs --keep ours"


def _conflict_words(conflict: Conflict) -> Iterator[str]:
    yield f"{conflict.symbol} {conflict.key} {conflict.title}" + (f"   kept: {conflict.kept}" if conflict.kept else "   ! both")
    for whose, entries in (("ours", conflict.ours), ("theirs", conflict.theirs)):
        for entry in entries:
            yield f"    {whose:<7} {entry_words(entry)}"


def entry_words(entry: Entry) -> str:
    """A line of a history, for people."""
    did = {"undo": "undid an act: ", "merge": "merged a pack: "}.get(entry.did, "")
    stands = f"{entry.state.label if entry.state else 'open'}{f', {entry.owner} has it' if entry.owner else ''}"
    note = f'  "{entry.note}"' if entry.note else ""
    return f"{entry.at[:16].replace('T', ' ')} {entry.by}: {did}{stands}{note}"
