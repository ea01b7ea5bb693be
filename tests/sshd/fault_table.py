"""The table of faults: `python -m tests.sshd.fault_table` makes every fault happen at Debian's sshd and at the rehearsal, and
prints in Markdown after how many seconds each was noticed, which states were shown, what was lost and what went twice. A
word or several narrow it to the faults whose names hold them; `--all` adds the other two ways of taking files."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.sshd.faults import FAULTS, OFTEN, Fault, Outcome, possible, site_for, suffer
from tests.sshd.server import SSHD


def main(words: list[str]) -> int:
    """Prints the table; 1 when something was lost, sent twice or shown wrongly."""
    every = "--all" in words
    wanted = [word for word in words if word != "--all"]
    chosen = [fault for fault in FAULTS if not wanted or any(word in fault.name for word in wanted)]
    print("| fault | server | noticed after | shown after it | shown in the end | lost | sent twice | shown wrongly |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    worst = 0
    for fault in chosen:
        kinds = [kind for kind in fault.kinds if kind in OFTEN or every or fault.kinds == (kind,)]
        for kind in kinds:
            if not possible(fault) or (kind.startswith("sshd") and SSHD is None):
                print(f"| {fault.title} | {kind} | can't be done on this machine | | | | | |", flush=True)
                continue
            with tempfile.TemporaryDirectory(prefix="fault-") as place, site_for(fault, kind, Path(place)) as site:
                outcome = suffer(fault, site)
            print(_row(fault, outcome), flush=True)
            worst = worst or int(bool(outcome.lost or outcome.twice or outcome.untrue))
    return worst


def _row(fault: Fault, outcome: Outcome) -> str:
    noticed = "it did no harm" if outcome.noticed is None else f"{outcome.noticed:.1f} s"
    return (f"| {fault.title} | {outcome.kind} | {noticed} | {_states(outcome.shown)} | {_states(outcome.final)} "
            f"| {len(outcome.lost)} | {len(outcome.twice)} | {len(outcome.untrue)} |")


def _states(states: list[str]) -> str:
    shown = [state.replace("_", " ") for state in states]
    if len(shown) <= 2:
        return ", ".join(shown)
    return f"{shown[0]}, and {len(shown) - 1} more: {', '.join(sorted(set(shown[1:])))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
