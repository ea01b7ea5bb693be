"""Everything about one output file in lines: what it is, where it stands, every attempt at sending it and why that ended, the
report that answers it or how late that is, and what to do next. Pure. Not for reading any of it (upload_facts.py)."""

from __future__ import annotations

from datetime import datetime

from oclc_console.operations.outbox import OutboxFile
from oclc_console.store.report_rows import ReportInfo
from oclc_console.tui import words
from oclc_console.tui.upload_ending import outcome_words, rejected_of
from oclc_console.tui.upload_facts import Attempt, FileStory
from oclc_console.tui.upload_words import UploadFile
from oclc_console.tui.widgets.drawing import Cell, Line, wrap

LABEL = 11  # cells of the words on the left


def story_lines(story: FileStory, here: UploadFile | None, now: datetime, width: int, first: str = "") -> list[Line]:
    """The page. `here` is the file as the run at work has it; None where no run has it in hand. `first` is what somebody has
    to do about the upload before any file of it can be sent."""
    file = story.known.file
    state = here.state if here is not None else file.state
    done = here.done if here is not None else file.acknowledged
    lines: list[Line] = []
    _say(lines, "state", [words.state_piece(state), (_how_far(done, file), "")], width)
    _say(lines, "", [(file.reason, "muted")] if file.reason and state != "sent" else "", width)
    due = here is None and file.state in ("waiting", "partial")
    for sentence in [*([f"First: {first}"] if first and due else []), *next_steps(story, here, now)]:
        _say(lines, "next", [("→ ", "accent"), (sentence, "")], width)
    lines.append([])
    _say(lines, "stream", f"{file.stream}, collection {file.collection} of {file.sender}"
         + (f", for {file.symbol}" if file.symbol != file.sender else ""), width)
    _say(lines, "holds", f"{file.records:,} records, {file.bytes:,} bytes", width)
    _say(lines, "sha256", file.sha256, width)
    _say(lines, "prepared", _when(file.prepared_at, story.prepared_by) + f", from {', '.join(file.source_names)}", width)
    sent = next((attempt for attempt in reversed(story.attempts) if attempt.how.startswith("sent")), None)
    _say(lines, "sent", _when(sent.ended, sent.by) if sent else "not known" if file.next_steps else "no", width)
    _report(lines, story, now, width)
    lines.append([])
    for attempt in reversed(story.attempts):
        _attempt(lines, attempt, file, here, width)
    if not story.attempts:
        _say(lines, "attempts", "none yet", width)
    for at, why in reversed(story.refusals):
        _say(lines, "not begun", f"{words.short_moment(at)}, {why}", width)
    return lines


def _say(lines: list[Line], label: str, said: Cell, width: int) -> None:
    """One row: its word on the left, what it says wrapped beside it; nothing where there is nothing to say."""
    if not said:
        return
    for number, part in enumerate(wrap(said, max(10, width - LABEL - 1))):
        lines.append([(f"{label if number == 0 else '':<{LABEL}} ", "muted"), *part])


def _how_far(done: int, file: OutboxFile) -> str:
    return f" · {done:,} of {file.bytes:,} bytes acknowledged, {words.percent(done, file.bytes)}"


def _when(at: str, by: str) -> str:
    return words.moment(at) + (f" by {by}" if by else "")


def _report(lines: list[Line], story: FileStory, now: datetime, width: int) -> None:
    known = story.known
    if (answer := known.answer) is not None:
        _say(lines, "report", [("✔ ", "good"), (_report_words(answer, known.file), "")], width)
        _say(lines, "", [(answer.name, "muted")], width)
        others = len(known.reports) - 1
        _say(lines, "", f"and {words.plural(others, 'other report')} of it: 4 Reports" if others else "", width)
    elif known.expected_by is None:
        _say(lines, "report", "none: it was not sent", width)
    else:
        kind = "its collection runs" if known.running else "OCLC has not reported on its collection yet"
        by = f"expected by {words.moment(known.expected_by)} ({kind})"
        late = known.late_by(now)
        _say(lines, "report", [(f"! not yet, {words.age_of(late)} late", "warn"), (f": {by}", "")] if late
             else f"not yet; {by}", width)


def _report_words(answer: ReportInfo, file: OutboxFile) -> str:
    filed = f"filed {_when(answer.filed_at, answer.filed_by)}"
    return f"answers {answer.ends:,} of {file.records:,} records: {outcome_words(answer.outcomes)}; {filed}"


def _attempt(lines: list[Line], attempt: Attempt, file: OutboxFile, here: UploadFile | None, width: int) -> None:
    start = f"from byte {attempt.start:,}" if attempt.start else "from its start"
    _say(lines, f"attempt {attempt.number}", f"{words.short_moment(attempt.at)}:{words.hour(attempt.at)[-2:]} by {attempt.by}, "
         f"{start}, in {attempt.run}", width)
    _say(lines, "", [(f"{attempt.compared}", "muted")] if attempt.compared else "", width)
    if attempt.ended:
        got = f" · {attempt.acknowledged:,} of {file.bytes:,} bytes" if attempt.acknowledged is not None else ""
        kind = "" if attempt.how.startswith("sent") else "warn"
        _say(lines, "", [(f"{words.hour(attempt.ended)} {attempt.how}", kind), (got, "")], width)
    elif attempt.alive:
        got = f" {words.percent(here.done, file.bytes)}" if here is not None else ""
        _say(lines, "", [(f"◐ under way{got}", "accent")], width)
    else:
        _say(lines, "", [("its process died before it could say how it ended", "warn")], width)


def next_steps(story: FileStory, here: UploadFile | None, now: datetime) -> list[str]:
    """What to do next about a file, a sentence each; empty where there is nothing to do."""
    if here is not None:
        return _next_live(here)
    known, state = story.known, story.known.file.state
    if state == "waiting":
        return ["It waits. Press r to go on with the upload."]
    if state == "partial":
        return ["Press r: the upload goes on with it, from the byte that surely arrived once what is there was compared."]
    if state == "refused":
        return [f"The same bytes went out as {known.file.twin}; there is nothing to send." if known.file.twin
                else "Prepare its sources again."]
    if state in ("uncertain", "taken_cut"):
        return _next_doubtful(known.file)
    if rejected := rejected_of(known):
        return [f"OCLC rejected {rejected:,} of {known.file.records:,} records: press 4 for them."]
    if known.answer is None and known.late_by(now):
        return ["Press f to fetch its report. If it is not there, ask OCLC and name this file."]
    if known.answer is None and state == "sent":
        return ["Nothing: wait for its report. f fetches what is there."]
    return []


def _next_doubtful(file: OutboxFile) -> list[str]:
    """Of a file that OCLC may have, whole or in part: its report settles it, or a person."""
    fetch = f"Press f to fetch its report (oclc-console fetch {file.symbol}): the row count settles what arrived."
    command = f"oclc-console upload {file.symbol} --again {file.name} --reason WHY"
    again = f"Press t to send it once more, with a reason that stays in the log ({command})."
    return [again] if file.answered else [fetch, f"Or p{again[1:]}"]


def _next_live(here: UploadFile) -> list[str]:
    """What to do about a file of an upload that is at work."""
    if here.failed:
        return ["It did not get through. Press t to try it again in this run; else r goes on with it when the run is over."]
    if here.behind:
        return [f"It waits behind {here.behind}, which did not get through: the files of a collection go in order."]
    if here.state in ("uncertain", "taken_cut"):
        return ["When this run is over: f fetches its report, whose row count settles what arrived; t sends it once more, with "
                "a reason."]
    return []
