"""What a finished upload came to, as things stand now: how much of it was sent, which files need somebody, what they need and
the key that goes there. Pure. Not for an upload that is at work (upload_words.py)."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from datetime import datetime

from oclc_console.oclc.reports import ACCEPTED
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.upload_facts import Known, UploadFacts
from oclc_console.tui.upload_words import UploadFile
from oclc_console.tui.widgets.drawing import Line, Piece, wrap


@dataclass(frozen=True)
class Need:
    """Something of a finished upload that needs a person: which files, the sentence, and the key that goes there."""

    files: tuple[str, ...]
    sentence: str


def needs(run: RunState, upload: UploadFacts, files: Sequence[UploadFile], now: datetime) -> list[Need]:
    """What a finished upload needs of people, as things stand now: a later run or a report may have settled some of it."""
    refused = [file.name for file in files if file.state == "refused"]
    known = {name: each for name, each in upload.known.items() if name not in refused}
    now_is = {file.name: known[file.name].file.state if file.name in known else file.state for file in files}
    left = [name for name, state in now_is.items() if state in ("waiting", "partial")]
    doubt = [name for name, state in now_is.items() if state in ("uncertain", "taken_cut") and not _settled(known.get(name))]
    cut = [name for name, each in known.items() if each.file.state == "taken_cut" and each.file.answered]
    late = {name: by for name, each in known.items() if each.file.state == "sent" and (by := each.late_by(now))}
    rejected = {name: count for name, each in known.items() if (count := rejected_of(each))}
    held = sum(known[name].file.records for name in rejected)
    first = "first do what it says here, then " if run.end is not None and run.end.needs_somebody else ""
    found = [
        (left, f"{_files(left)} not sent yet: {first}press r to go on with the upload"),
        (refused, f"{_files(refused)} refused: ↵ says why"),
        (doubt, f"{_files(doubt)} may have been taken cut short: press f, the report settles it (oclc-console fetch "
                f"{run.symbol}); or t, to send it once more with a reason (upload --again)"),
        (cut, f"{_files(cut)} taken cut short, as the report shows: press t to send it once more, with a reason "
              "(upload --again)"),
        (late, f"no report for {_files(late)}, up to {words.age_of(max(late.values(), default=0))} late: press f to "
               "fetch it; if there is none, ask OCLC"),
        (rejected, f"{_files(rejected)} with rejected records, {sum(rejected.values()):,} of {held:,}: press 4 "
                   "for Reports"),
    ]
    return [Need(tuple(names), sentence) for names, sentence in found if names]


def _settled(known: Known | None) -> bool:
    return known is not None and known.file.answered


def _files(names: Sized) -> str:
    return words.plural(len(names), "file")


def rejected_of(known: Known) -> int:
    """How many of a file's records OCLC did not take, by the newest report; 0 without one."""
    return known.answer.rejected if known.answer else 0


def ending_lines(run: RunState, upload: UploadFacts, files: Sequence[UploadFile], now: datetime, width: int) -> list[Line]:
    """A finished upload's summary: `done: 12 of 12 sent, 3 need you`, and what these need."""
    wanted = needs(run, upload, files, now)
    count = len({name for need in wanted for name in need.files})
    sent, total = sum(file.state == "sent" for file in files), max(len(files), int(run.progress.get("files_total", 0)))
    state = "look" if run.state == "done" and sent < total else run.state
    you = f"{count} need{'s' if count == 1 else ''} you" if count else "nothing needs you"
    if not total:
        return [[words.state_piece(run.state), (": nothing was waiting", "")]]
    lines: list[Line] = [[words.state_piece(state), (f": {sent} of {words.plural(total, 'file')} sent, ", ""),
                          (you, "strong")]]
    if run.end is not None and run.end.reason:
        lines += wrap([(run.end.reason, "bad" if run.end.state in ("failed", "refused") else "warn")], width, 2)
    if run.state == "interrupted":
        lines += wrap("Its process died: what it had sent by then stays sent.", width, 2)
    lines += [line for need in wanted for line in wrap([("→ ", "accent"), (need.sentence, "")], width, 2)]
    reported = sum(each.answer is not None for each in upload.known.values())
    if sent and upload.known:
        lines += wrap([(f"reports are here for {reported} of {words.plural(sent, 'file')}", "muted"),
                       ("" if reported >= sent else "; press f to fetch what is there", "muted")], width, 2)
    return lines


def report_piece(known: Known | None, now: datetime) -> Piece:
    """What a sent file's report says, in a few words."""
    if known is None:
        return "", ""
    if known.answer is not None:
        rejected = rejected_of(known)
        return (f"! {rejected:,} rejected", "warn") if rejected else ("✔ reported", "good")
    if late := known.late_by(now):
        return f"! late {words.age_of(late)}", "warn"
    return ("not reported", "muted") if known.file.sent_at else ("", "")


def outcome_words(outcomes: dict[str, int]) -> str:
    """`8 match, 2 unresolved`, those OCLC accepted first."""
    ordered = sorted(outcomes.items(), key=lambda pair: (pair[0] not in ACCEPTED, -pair[1]))
    return ", ".join(f"{count:,} {word}" for word, count in ordered)
