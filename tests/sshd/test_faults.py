"""The same faults against Debian's sshd with a mover and against the rehearsal's server: nothing is lost, nothing goes twice
unless a person signs for it, what is shown is true, and the next step is offered. Judged by what arrived, not by what the
console says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sshd.faults import FAULTS, OFTEN, Fault, possible, sign_for, site_for, suffer
from tests.sshd.server import needs_sshd

TWO_CHANNELS = ("drop in the middle", "session frozen", "drop before close", "reply lost", "disk full, big file", "quota",
                "taken at the last moment")


def _each() -> list[object]:
    found: list[object] = []
    for fault in FAULTS:
        for kind in fault.kinds:
            marks = [*needs_sshd] if kind.startswith("sshd") else []
            for channels in (1, 2) if fault.name in TWO_CHANNELS else (1,):
                quick = fault.quick and channels == 1 and kind == OFTEN[0]
                more = [] if quick else [pytest.mark.slow]
                through = ", two channels" if channels > 1 else ""
                found.append(pytest.param(fault, kind, channels, marks=[*marks, *more], id=f"{fault.name} ({kind}{through})"))
    return found


@pytest.mark.parametrize(("fault", "kind", "channels"), _each())
def test_nothing_is_lost_and_nothing_goes_twice_and_what_is_shown_is_true_when(
        fault: Fault, kind: str, channels: int, tmp_path: Path) -> None:
    if not possible(fault):
        pytest.skip("a small disk can't be mounted here")
    with site_for(fault, kind, tmp_path, channels) as site:
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
