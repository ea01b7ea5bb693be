"""The same faults against Debian's sshd with a mover and against the rehearsal's server: nothing is lost, nothing goes twice
unless a person signs for it, what is shown is true, and the next step is offered. Judged by what arrived, not by what the
console says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sshd.faults import FAULTS, OFTEN, Fault, possible, sign_for, site_for, suffer
from tests.sshd.server import needs_sshd


def _each() -> list[object]:
    found: list[object] = []
    for fault in FAULTS:
        for kind in fault.kinds:
            marks = [*needs_sshd] if kind.startswith("sshd") else []
            if not (fault.quick and kind == OFTEN[0]):
                marks.append(pytest.mark.slow)
            found.append(pytest.param(fault, kind, marks=marks, id=f"{fault.name} ({kind})"))
    return found


@pytest.mark.parametrize(("fault", "kind"), _each())
def test_nothing_is_lost_and_nothing_goes_twice_and_what_is_shown_is_true_when(fault: Fault, kind: str, tmp_path: Path) -> None:
    if not possible(fault):
        pytest.skip("a small disk can't be mounted here")
    with site_for(fault, kind, tmp_path) as site:
        outcome = suffer(fault, site)
        assert outcome.untrue == [], outcome.said
        assert outcome.lost == [], outcome.said
        assert outcome.twice == [], outcome.said
        assert outcome.code in fault.codes, outcome.said
        assert re.search(fault.says, outcome.said, re.IGNORECASE), outcome.said
        account = site.account_shown()
        assert {name: row["state"] for name, row in account.items()} == dict(zip(account, outcome.final, strict=True))
        assert set(outcome.final) <= {"sent", "uncertain", "taken_cut"}
        assert sign_for(site, outcome) == []
        assert "Traceback" not in outcome.said, outcome.said
        assert not (fault.once and "trying again" in outcome.said), outcome.said
        assert outcome.offered, outcome.said
