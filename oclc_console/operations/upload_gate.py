"""The gate in front of an upload: every condition is looked at before the first byte, what was found stands in the run as an
event, and nothing goes out while one is red and nobody signed for it. An unattended run also needs a standing approval of
each stream with files due. Not for what upload itself refuses, file by file (one_file.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oclc_console.errors import Refused
from oclc_console.operations.approvals import require_approved
from oclc_console.operations.gate_facts import UPLOAD
from oclc_console.operations.outbox import OutboxFile
from oclc_console.operations.signing import gate
from oclc_console.project.gates import GateState, may_pass
from oclc_console.settings import Symbol
from oclc_console.store.events import Event, GateChecked, Note
from oclc_console.workspace import Workspace


def pass_the_gate(workspace: Workspace, symbol: Symbol, due: Sequence[OutboxFile], *, unattended: bool) -> Iterator[Event]:
    """What was checked before these files go out. Raises Refused when they must not."""
    state = gate(workspace, UPLOAD, symbol.code)
    yield checked(state)
    _require(state)
    if unattended:
        for words in require_approved(workspace, symbol, due):
            yield Note(f"unattended: {words}")


def checked(state: GateState) -> GateChecked:
    """What a run says of the gate it stood before."""
    return GateChecked(state.gate.id, state.case.subject, may_pass(state), state.effect.words,
                       [{"id": one.id, "state": one.state, "words": one.words} for one in state.conditions])


def _require(state: GateState) -> None:
    """Raises Refused, with every condition that is red and how each could be opened."""
    if may_pass(state):
        return
    said = "; ".join(f"{one.sentence}: {one.words}" for one in state.red)
    first = state.red[0]
    raise Refused(f"the gate {state.gate.id} is closed. {said}. Nothing was sent", where=state.case.symbol,
                  then=f"{first.then} Or sign for it: oclc-console sign {state.gate.id} {state.case.symbol} --override "
                       f'{first.id} --reason "why"')
