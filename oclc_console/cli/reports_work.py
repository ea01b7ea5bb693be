"""`reports show ID | mark | undo | export`: one record with all there is to know about it, what people do about records, and
the records as files. Not for reports themselves (reports.py) nor for packs (packs.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oclc_console.cli import show
from oclc_console.cli.packs import entry_words
from oclc_console.errors import CallError
from oclc_console.store.desk import Desk, Filter, OneRecord, Ref
from oclc_console.store.reviews import Change, Changed
from oclc_console.store.standing import BY_PEOPLE, State
from oclc_console.workspace import Workspace, folder_name


def desk_of(workspace: Workspace, symbol: str | None = None) -> Desk:
    """The desk with all that is here; gathers what is missing."""
    desk = Desk.open(workspace, symbol)
    if desk.behind:
        desk.catch_up()
    return desk


# one record


def records_named(workspace: Workspace, name: str, symbol: str | None = None) -> list[OneRecord]:
    """The rejected records of this name (a local number, or OCLC's record key), of whatever symbol."""
    with desk_of(workspace, symbol) as desk:
        return [one for ref in _refs(desk, name) if (one := desk.record(ref)) is not None]


def _refs(desk: Desk, name: str) -> list[Ref]:
    """The records of this name: a local number, or OCLC's key of the newest appearance or of one without a number."""
    symbols = [count.value for count in desk.counts("symbol", Filter(minor=True))]
    named = [desk.record((symbol, word)) for symbol in symbols for word in (name, f"@{name}")]
    refs = [one.rejection.ref for one in named if one is not None]
    if "::" in name:
        refs += [each.ref for each in desk.query(Filter(text=name, minor=True)) if each.record_key == name]
    return list(dict.fromkeys(refs))


def one_record_json(one: OneRecord) -> dict[str, Any]:
    """A record for scripts."""
    record = {**asdict(one.rejection), "state_label": one.rejection.state.label}
    appearances = [asdict(seen) for seen in one.appearances]
    history = [asdict(entry) for entry in one.review.history] if one.review else []
    return {**record, "appearances": appearances, "times_seen": one.rejection.appearances, "history": history,
            "notes": [asdict(entry) for entry in one.review.notes] if one.review else []}


def one_record_words(one: OneRecord) -> Iterator[str]:
    """A record for people: where it stands, what OCLC wrote and what it means, and who did what."""
    record = one.rejection
    yield f"{record.symbol} {record.key}  {record.title}"
    owner = f", {record.owner} has it" if record.owner else ""
    back = f", came back {record.came_back} times" if record.came_back else ""
    told = f" (told by {record.told_by})" if record.told_by else ""
    yield f"  {record.state.label}{owner}{back}{told}"
    yield "  " + ", ".join(part for part in (
        f"library {record.library}" if record.library else "library not known", record.stream,
        f"OCN sent {record.ocn_in}" if record.ocn_in else "no OCN sent",
        f"! {record.ocn_out} is a staging number: never load it" if record.staging and record.ocn_out else "") if part)
    for seen in one.appearances:
        accepted = {True: "taken", False: "not taken", None: "outcome not told"}[seen.accepted]
        upload = seen.upload or seen.reports[0]
        yield f"{seen.received[:16].replace('T', ' ')}  {seen.outcome or 'no outcome'} ({accepted})  {upload}"
        for said in seen.complaints:
            times = f"  ({said.times} times)" if said.times > 1 else ""
            yield f"    {said.severity or said.type:<9} {said.text}{times}"
            meant = (said.group.words, _remedy(said.group.mends, said.group.who))
            yield from (f"              {words}" for words in meant if words)
    if one.review is not None:
        yield "History"
        yield from (f"    {entry_words(entry)}" for entry in one.review.history)


def _remedy(mends: str, who: str) -> str:
    return f"What mends it: {mends}{f' ({who})' if who else ''}" if mends else ""


# work


def run_mark(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """`reports mark`: the same change on all these records. Exit 1 when some were left alone."""
    state = _state(options.state)
    owner = options.owner
    if options.claim:
        state, owner = state or State.CLAIMED, workspace.actor if owner is None else owner
    change = Change(state, owner, options.note)
    if change == Change():
        raise CallError("nothing to do", where="reports mark", then="Add --claim, --state, --owner or --note.")
    with desk_of(workspace, options.symbol) as desk:
        refs = [_ref(desk, name) for name in dict.fromkeys(options.ids)]
        changed = desk.change(refs, change, take_over=options.take_over)
    return _changed(changed, as_json)


def run_undo(workspace: Workspace, *, as_json: bool) -> int:
    """`reports undo`: takes back your last act."""
    with desk_of(workspace) as desk:
        undone = desk.undo()
    if not undone:
        raise CallError("there is nothing of yours to take back", where="reports undo",
                        then="See: oclc-console reports show ID")
    return _changed(undone, as_json)


def _changed(changed: dict[str, Changed], as_json: bool) -> int:
    done = [{"symbol": symbol, "key": key} for symbol, each in changed.items() for key in each.done]
    held = [{"symbol": symbol, "key": key, "reason": why} for symbol, each in changed.items() for key, why in each.held]
    words = [f"{len(done):,} records changed",
             *(f"  left alone: {each['symbol']} {each['key']}: {each['reason']}" for each in held)]
    show.answer({"done": done, "held": held}, as_json, words)
    return 1 if held else 0


def _state(word: str | None) -> State | None:
    if word is None:
        return None
    for state in BY_PEOPLE:
        if word.lower() in (state.value, state.label.lower()):
            return state
    raise CallError(f"{word!r} is no state that a person sets", where="--state",
                    then=f"Choose one of: {', '.join(state.value for state in BY_PEOPLE)}.")


def _ref(desk: Desk, name: str) -> Ref:
    found = _refs(desk, name)
    if len(found) == 1:
        return found[0]
    if found:
        raise CallError(f"{' and '.join(symbol for symbol, _ in found)} both know {name}", where="reports mark",
                        then="Say which with --symbol SYMBOL.")
    raise CallError(f"OCLC never complained about {name}", where="reports mark",
                    then="Name a local number or a record key, as reports export lists them.")


# files


def run_export(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """`reports export`: the records as files."""
    from oclc_console.operations.export_rejections import export_rejections

    if options.symbol is not None and not (workspace.root / "rejections" / folder_name(options.symbol)).is_dir():
        workspace.settings.symbol(options.symbol)  # says so when neither the settings nor the reports know it
    which = Filter(options.symbol, options.library, options.group, options.severity, options.owner, options.state,
                   options.report, options.text, options.minor)
    done = export_rejections(workspace, which, options.form, Path(options.to) if options.to else None, each=options.each)
    told = {"form": done.form, "records": done.records, "files": [{
        "file": str(file.path), "value": file.value, "label": file.label, "records": file.records, "lines": file.lines,
        "without_id": file.without_id} for file in done.files]}
    words = [f"{file.path}: {file.records:,} records" + (f", {file.lines:,} ids" if done.form in ("alma", "list") else "")
             + (f", {file.without_id:,} without an id are not in it" if file.without_id else "") for file in done.files]
    show.answer(told, as_json, words or ["No record fits; nothing was written."])
    return 0
