"""Takes an act back: the one way in which anything that people did is undone. It adds an act that names the other one; nothing
is erased, and the history shows both. Not for reopening (checklist.py): that says that something is open again, this that it
should not have been entered."""

from __future__ import annotations

from collections.abc import Sequence

from oclc_console.errors import CallError
from oclc_console.operations.checklist_file import followed
from oclc_console.project.acts import UNDONE
from oclc_console.project.undoing import why_not
from oclc_console.store import log
from oclc_console.store.log import LogLine
from oclc_console.store.project import Act, Project, project
from oclc_console.workspace import Workspace

_PERSONAL = ("gate.signed", "approval.signed")  # a signature is its signer's own to take back


def take_back(workspace: Workspace, seq: int, reason: str, symbol: str | None = None) -> LogLine:
    """Takes back the act in line `seq` of the log; gives the line that says so. With `symbol` only an act on that symbol.
    Raises CallError without a reason, for a line that is no act on the project, for one that was taken back already, for one
    that later acts rest on, for somebody else's signature, and for the signatures of a gate that was passed."""
    where = f"log line {seq}"
    if not reason.strip():
        raise CallError("taking back needs a reason", where=where, then="Say in a few words why; it stays in the log.")
    milestone_of = {task.id: task.milestone for task in followed(workspace).template.tasks}
    with log.writing(workspace) as writer:
        acts, act = _found(project(workspace), seq)
        if act is None:
            raise CallError(_no_act(workspace, seq), where=where, then="Run: oclc-console log, and name the line of an act on "
                            "the checklist, a gate, a decision, the roster or the timeline.")
        if symbol is not None and act["symbol"] != workspace.settings.symbol(symbol).code:
            raise CallError(f"it is an act on {act['symbol'] or 'the whole project'}, not on {symbol}", where=where,
                            then="Look at the number again: oclc-console log")
        if act["act"] in _PERSONAL and act["by"] != workspace.actor:
            raise CallError(f"it is {act['by']}'s signature", where=where, then=f"Only {act['by']} can take it back.")
        if (said := why_not(acts, act, milestone_of)) is not None:
            raise CallError(said, where=where, then="Nothing was written.")
        return writer.append(UNDONE, act["symbol"], of=seq, reason=reason.strip())


def _found(known: Project, seq: int) -> tuple[Sequence[Act], Act | None]:
    """The acts among which the one with this number is, and that one."""
    for acts in known.acts.values():
        for act in acts:
            if act["seq"] == seq:
                return acts, act
    return (), None


def _no_act(workspace: Workspace, seq: int) -> str:
    lines = log.read(workspace)
    line = next((line for line in lines if line.seq == seq), None)
    if line is None:
        return f"the log has no such line; it has {len(lines):,}"
    return f"{line.act} tells what happened; it is no act that can be taken back"
