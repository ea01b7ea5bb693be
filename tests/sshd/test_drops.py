"""A link that is lost again and again: everything is sent in the end, once, and the log tells it readably. Fifteen drops as
a rule, OCLC_CONSOLE_DROPS=100 for many. Only the waits before the next attempt are made short."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from oclc_console.errors import OtherSideError
from oclc_console.operations import one_file
from oclc_console.operations.upload import upload
from oclc_console.store.runs import run
from tests.operations.stage import holding
from tests.sshd.mover import WHEN_QUIET
from tests.sshd.server import needs_sshd
from tests.sshd.site import NOTE, SshdSite

DROPS = int(os.environ.get("OCLC_CONSOLE_DROPS", "15"))

pytestmark = [*needs_sshd, pytest.mark.slow]


def test_however_often_the_link_is_lost_every_file_arrives_once_and_whole(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_file, "PAUSES", (0.1, 0.2, 0.4))
    rng = random.Random(5)
    site = SshdSite(tmp_path, WHEN_QUIET, quiet=10.0, large=3)
    told: list[str] = []
    try:
        site.prepare(*(holding(n, *[NOTE] * 7) for n in range(DROPS * 3)))
        site.wire.drop_each_after(lambda: rng.randint(2_000, 500_000), most=DROPS)
        for _ in range(2 * DROPS):
            try:
                told += [event.words for event in run(site.workspace, upload(site.workspace, "ZAA"), threading.Event())]
            except OtherSideError as error:
                told.append(str(error))
            if all(file.state == "sent" for file in site.shown().values()):
                break
        files, takes, drops = site.shown(), site.mover.settle(60), site.wire.drops
    finally:
        site.close()
    print(f"\n{drops} drops, {len(files)} files, {len(told)} lines")
    assert drops >= DROPS * 2 // 3
    assert {file.state for file in files.values()} == {"sent"}
    taken = sorted((take.name, take.sha256) for take in takes if take.size)
    assert taken == sorted((file.name, file.sha256) for file in files.values())
    tells = [line for line in told if "trying again" in line or "lost" in line]
    assert len(tells) >= drops, "the log tells of every drop"
    assert all(line.isprintable() and line.strip() and "Traceback" not in line for line in told)
