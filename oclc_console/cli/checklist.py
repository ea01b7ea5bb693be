"""`checklist` and `evidence`: their arguments, what they call, and how their answers are worded. Not for the acts themselves
(operations/checklist.py, taking_back.py, entering.py)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from oclc_console.errors import CallError

if TYPE_CHECKING:
    from oclc_console.operations.checklist import Checklist
    from oclc_console.operations.entering import EvidenceLine
    from oclc_console.project.beside import Beside
    from oclc_console.project.history import HistoryLine
    from oclc_console.project.tasks import TaskState
    from oclc_console.workspace import Workspace

_ACTS = ("done", "not_applicable", "reopen", "claim", "release", "planned")
_EXAMPLE = 'For example: oclc-console checklist ZUL logins --done 2026-11-22 --note "all units"'


def checklist_arguments(parser: argparse.ArgumentParser, day: Callable[[str], date]) -> None:
    """The arguments of `checklist`; `day` reads a date."""
    parser.add_argument("symbol", nargs="?", metavar="SYMBOL")
    parser.add_argument("item", nargs="?", metavar="TASK|MILESTONE")
    act = parser.add_mutually_exclusive_group()
    act.add_argument("--done", type=day, metavar="DATE", help="sign it off, completed on this date")
    act.add_argument("--not-applicable", action="store_true", help="it does not apply to this symbol")
    act.add_argument("--reopen", metavar="REASON", help="open it again that was signed, or did not apply")
    act.add_argument("--claim", action="store_true", help="the task is yours now")
    act.add_argument("--release", action="store_true", help="the task is nobody's any more")
    act.add_argument("--planned", type=day, metavar="DATE", help="the day for which the task is planned")
    act.add_argument("--undo", type=int, metavar="SEQ", help="take back the act in this line of the log; needs --reason")
    act.add_argument("--template", action="store_true", help="write checklist.toml out, for you to edit")
    parser.add_argument("--note", default="", metavar="TEXT", help="with an act: its note; by itself: a note on the task")
    parser.add_argument("--reason", default="", metavar="TEXT", help="with --undo: why")


def evidence_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `evidence`."""
    parser.add_argument("symbol", metavar="SYMBOL")
    parser.add_argument("key", nargs="?", metavar="KEY")
    parser.add_argument("value", nargs="?", metavar="VALUE")
    parser.add_argument("--source", default="", metavar="S", help="where it is known from: a mail, a page, a person")
    parser.add_argument("--day", default="", metavar="D", help="the day on which it was so, as 2026-11-22 (default: today)")
    parser.add_argument("--note", default="", metavar="TEXT")
    parser.add_argument("--about", default="", metavar="ID", help="the collection or the list it is about, if it is about one")


def run_checklist(workspace: Workspace, options: argparse.Namespace) -> int:
    """Does what `checklist` was asked for, and shows the checklist."""
    from oclc_console.cli import show

    as_json = bool(getattr(options, "json", False))
    if options.template:
        from oclc_console.operations.checklist_file import write_template

        path = write_template(workspace)
        show.answer({"file": str(path)}, as_json, [f"Wrote {path}. Edit it; what was entered is never lost."])
        return 0
    if options.symbol is None:
        raise CallError("the symbol is missing", where="checklist", then=_EXAMPLE)
    code = workspace.settings.symbol(options.symbol).code
    from oclc_console.operations.checklist import checklist

    beside: Mapping[str, Sequence[Beside]] | None = None
    if options.undo is not None:
        _undo(workspace, code, options)
    elif _asked(options) or options.item:
        _act(workspace, code, options)
    else:
        from oclc_console.operations.entering import evidence_beside

        beside = evidence_beside(workspace, code)
    found = checklist(workspace, code)
    if found.problem:
        show.say(f"! {found.problem}")
    show.answer(checklist_json(found, beside), as_json, list(checklist_words(found, beside or {})))
    return 0


def run_evidence(workspace: Workspace, options: argparse.Namespace) -> int:
    """Enters a piece of evidence, or lists what is known and what is missing."""
    from oclc_console.cli import show
    from oclc_console.operations.entering import enter, evidence_list
    from oclc_console.project.evidence import source_words, value_words

    code, as_json = workspace.settings.symbol(options.symbol).code, bool(getattr(options, "json", False))
    if options.value is None:
        if options.key or options.source or options.day:
            raise CallError("a key and its value go together", where="evidence",
                            then='For example: oclc-console evidence ZUL save_file_count 326 --source "Connexion, J. Doe"')
        lines = evidence_list(workspace, code)
        show.answer(evidence_json(code, lines), as_json, list(evidence_words(code, lines)))
        return 0
    from oclc_console import clock

    day = options.day or clock.now().astimezone().date().isoformat()
    known = enter(workspace, code, options.key, options.value, options.source, day, options.note, options.about)
    told = {"symbol": code, **asdict(known)}
    show.answer(told, as_json, [f"{code} {known.key}: {value_words(known.key, known.value)} ({source_words(known)})"])
    return 0


def _asked(options: argparse.Namespace) -> bool:
    return bool(options.note or options.reopen is not None or any(getattr(options, name) for name in _ACTS))


def _undo(workspace: Workspace, code: str, options: argparse.Namespace) -> None:
    from oclc_console.operations.taking_back import take_back

    if options.item or options.note:
        raise CallError("--undo names the line of the log; it goes without a task and without a note", where="checklist",
                        then=f"Say: oclc-console checklist {code} --undo {options.undo} --reason TEXT")
    take_back(workspace, options.undo, options.reason, code)


def _act(workspace: Workspace, code: str, options: argparse.Namespace) -> None:
    from oclc_console.operations import checklist

    item = options.item
    if not item or not _asked(options):
        raise CallError("a task or milestone and what to do with it go together", where="checklist", then=_EXAMPLE)
    if options.note and (options.reopen is not None or options.claim or options.release or options.planned):
        raise CallError("--note goes by itself, or with --done or --not-applicable", where="checklist",
                        then="Give the note in a command of its own.")
    if options.done:
        checklist.sign_off(workspace, code, item, options.done, options.note)
    elif options.not_applicable:
        checklist.mark_not_applicable(workspace, code, item, options.note)
    elif options.reopen is not None:
        checklist.reopen(workspace, code, item, options.reopen)
    elif options.claim:
        checklist.claim(workspace, code, item)
    elif options.release:
        checklist.release(workspace, code, item)
    elif options.planned:
        checklist.plan(workspace, code, item, options.planned)
    else:
        checklist.note(workspace, code, item, options.note)


def checklist_json(found: Checklist, evidence: Mapping[str, Sequence[Beside]] | None = None) -> dict[str, Any]:
    """A checklist for scripts. A task has its evidence where that was asked for."""
    milestones = [{**asdict(state), "milestone": state.milestone.id, "title": state.milestone.title,
                   "history": _history_json(found.history[state.milestone.id])} for state in found.milestones]
    return {"symbol": found.symbol, "as_of": found.as_of, "milestones": milestones,
            "next": found.next.milestone.id if found.next else None,
            "steps": [asdict(step) for step in found.steps],
            "tasks": [_task_json(state, evidence) for state in found.tasks],
            "no_longer_in_the_template": [_task_json(state, None) for state in found.gone],
            "problem": found.problem}


def _task_json(state: TaskState, evidence: Mapping[str, Sequence[Beside]] | None) -> dict[str, Any]:
    task = state.task
    told: dict[str, Any] = {
        "id": task.id, "milestone": task.milestone, "task": task.task, "record_type": task.record_type,
        "system": task.system, "phase": task.phase, "who": task.who, "state": state.state, "completed": state.completed,
        "planned": state.planned, "note": state.note, "by": state.by, "claimed_by": state.claimed_by,
        "waiting_on": state.on if state.is_open and not state.gone else None, "since": state.since, "after": state.after,
        "called": state.called, "gone": state.gone, "history": _history_json(state.history),
    }
    if evidence is not None:
        told["evidence"] = [{"key": each.wanted.key, "value": each.known.value if each.known else None,
                             "as_of": each.known.as_of if each.known else None, "fulfilled": each.fulfilled,
                             "words": each.words} for each in evidence.get(task.id, ())]
    return told


def _history_json(history: Sequence[HistoryLine]) -> list[dict[str, Any]]:
    return [asdict(line) for line in history]


def checklist_words(found: Checklist, evidence: Mapping[str, Sequence[Beside]]) -> Iterator[str]:
    """A checklist as a table: each milestone, its tasks under it, what is next at the end."""
    from oclc_console.cli.show import GLYPHS
    from oclc_console.project.milestones import POST, POST_TITLE

    yield f"{found.symbol} {found.name}, as of {found.as_of}"
    for state in found.milestones:
        words = state.state.replace("_", " ")
        yield (f"{GLYPHS[state.state]} {state.milestone.number} {state.milestone.id:<15} {words:<15} "
               f"{state.completed or '':<11} {state.who or '':<10} {state.note or ''}").rstrip()
        for task in found.of(state.milestone.id):
            yield from _task_words(task, evidence.get(task.task.id, ()))
    if found.of(POST):
        yield POST_TITLE
        for task in found.of(POST):
            yield from _task_words(task, evidence.get(task.task.id, ()))
    if found.gone:
        yield "No longer in the template"
        for task in found.gone:
            yield from _task_words(task, ())
    for step in found.steps:
        since = f" since {step.since}" if step.since else ""
        what = "sign the milestone " if step.is_milestone else ""
        yield f"Next: {what}{step.id} ({step.title}), waits for {step.on}{since}"


def _task_words(state: TaskState, evidence: Sequence[Beside]) -> Iterator[str]:
    from oclc_console.cli.show import GLYPHS

    day = state.completed or (f"({state.planned})" if state.planned and state.is_open else "")
    who = state.by or (f"{state.claimed_by}, claimed" if state.claimed_by else state.task.who)
    called = f" [then: {state.called}]" if state.called else ""
    yield (f"    {GLYPHS[state.state]} {state.task.id:<24} {day:<12} {state.task.task}{called} · {state.task.system} · "
           f"{state.task.phase} · {who}" + (f" · {state.note}" if state.note else "")).rstrip()
    for each in evidence:
        if each.known is not None and each.known.value is not None:
            yield f"          {'✔' if each.fulfilled else '!'} {each.words}"


def evidence_json(code: str, lines: Sequence[EvidenceLine]) -> dict[str, Any]:
    """What is known and what is missing, for scripts."""
    return {"symbol": code, "evidence": [
        {"key": line.evidence.key, "words": line.evidence.words, "kind": line.evidence.kind,
         "computed": line.evidence.computed, "value": line.known.value if line.known else None,
         "as_of": line.known.as_of if line.known else None, "source": line.known.source if line.known else None,
         "entered_by": line.known.entered_by if line.known else None, "tasks": list(line.tasks)} for line in lines]}


def evidence_words(code: str, lines: Sequence[EvidenceLine]) -> Iterator[str]:
    """What is known, then what is missing and where it is found."""
    from oclc_console.project.evidence import source_words, value_words

    yield f"Known of {code}:"
    known = [line for line in lines if not line.is_missing]
    for line in known:
        if line.known is not None:
            yield (f"  {line.evidence.key:<32} {value_words(line.evidence.key, line.known.value):<14} "
                   f"{line.evidence.words} ({source_words(line.known)})")
    if not known:
        yield "  nothing yet"
    yield "Missing:"
    for line in lines:
        if line.is_missing:
            by = "the console computes it" if line.evidence.computed else line.evidence.kind
            yield f"  {line.evidence.key:<32} {line.evidence.words} ({by}; from: {line.evidence.hint})"
    yield f'Enter one: oclc-console evidence {code} KEY VALUE --source "where it is known from" --day 2026-11-22'
