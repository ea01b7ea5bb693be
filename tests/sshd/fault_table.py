"""The table of faults: `python -m tests.sshd.fault_table` makes every fault happen at Debian's sshd and at the rehearsal, and
prints in Markdown after how many seconds each was noticed, which states were shown, what was lost and what went twice. A
word or several narrow it to the faults whose names hold them; `--all` adds the other two ways of taking files; `--short`
makes one row a fault of them, as README.md has it; `--channels=2` sends each file through two channels."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.sshd.faults import FAULTS, OFTEN, Fault, Outcome, possible, site_for, suffer
from tests.sshd.server import SSHD

LONG = ("fault", "server", "noticed after", "shown after it", "shown in the end", "lost", "sent twice", "shown wrongly")
SHORT = ("fault", "noticed at sshd", "at the rehearsal", "shown after it", "lost", "sent twice")


def main(words: list[str]) -> int:
    """Prints the table; 1 when something was lost, sent twice or shown wrongly."""
    every, short = "--all" in words, "--short" in words
    channels = next((int(word.partition("=")[2]) for word in words if word.startswith("--channels=")), 1)
    wanted = [word for word in words if not word.startswith("--")]
    chosen = [fault for fault in FAULTS if not wanted or any(word in fault.name for word in wanted)]
    print(_line(SHORT if short else LONG))
    print(_line(["---"] * len(SHORT if short else LONG)), flush=True)
    worst = 0
    for fault in chosen:
        kinds = [kind for kind in fault.kinds if kind in OFTEN or every or fault.kinds == (kind,)]
        outcomes = []
        for outcome in _suffered(fault, kinds, channels):
            outcomes.append(outcome)
            worst = worst or int(bool(outcome.lost or outcome.twice or outcome.untrue))
            if not short:
                print(_row(fault, outcome), flush=True)
        if len(outcomes) < len(kinds):
            print(_line([fault.title, f"{len(kinds) - len(outcomes)} can't be done on this machine"]), flush=True)
        if short and outcomes:
            print(_short_row(fault, outcomes), flush=True)
    return worst


def _suffered(fault: Fault, kinds: Sequence[str], channels: int) -> Iterator[Outcome]:
    for kind in kinds:
        if possible(fault) and (SSHD is not None or not kind.startswith("sshd")):
            with tempfile.TemporaryDirectory(prefix="fault-") as place, site_for(fault, kind, Path(place), channels) as site:
                yield suffer(fault, site)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(fault: Fault, outcome: Outcome) -> str:
    return _line([fault.title, outcome.kind, _noticed([outcome]), _states(outcome.shown), _states(outcome.final),
                  str(len(outcome.lost)), str(len(outcome.twice)), str(len(outcome.untrue))])


def _short_row(fault: Fault, outcomes: Sequence[Outcome]) -> str:
    """The slowest of each server; the states of the file in hand, whichever way files are taken."""
    at = {server: [outcome for outcome in outcomes if outcome.kind.startswith(server)] for server in ("sshd", "rehearsal")}
    shown = dict.fromkeys(_words(state) for outcome in outcomes for state in outcome.shown[:1])
    return _line([fault.title, _noticed(at["sshd"]), _noticed(at["rehearsal"]), ", ".join(shown),
                  str(sum(len(outcome.lost) for outcome in outcomes)), str(sum(len(outcome.twice) for outcome in outcomes))])


def _noticed(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "–"
    seconds = [outcome.noticed for outcome in outcomes if outcome.noticed is not None]
    return f"{max(seconds):.1f} s" if seconds else "it did no harm"


def _words(state: str) -> str:
    return state.replace("_", " ")


def _states(states: list[str]) -> str:
    shown = [_words(state) for state in states]
    if len(shown) <= 2:
        return ", ".join(shown)
    return f"{shown[0]}, and {len(shown) - 1} more: {', '.join(sorted(set(shown[1:])))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
