"""Reports that come late, broken off, twice, or anew: at Debian's sshd (the stand-in OCLC's office writes the reports of what
the mover took) and at the rehearsal. Every record counts once, and one that has no answer is not reported, never lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oclc_console.operations.account import Account as Balance
from oclc_console.operations.account import account
from oclc_console.rehearsal.folder import REPORTS as FOLDER
from oclc_console.rehearsal.folder import Account, prepare_rehearsal
from oclc_console.rehearsal.jobs import Journal, read_journal
from oclc_console.rehearsal.office import Office
from tests.operations.stage import trusted
from tests.sshd.mover import AT_CLOSE
from tests.sshd.server import REPORTS, needs_sshd
from tests.sshd.site import RehearsalSite, Site, SshdSite

RECORDS = 60
Open = Callable[[str], Site]


@pytest.fixture(params=[pytest.param("sshd", marks=[*needs_sshd, pytest.mark.slow]), "rehearsal"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a site where this goes wrong with reports; two files are sent."""
    opened: list[Site] = []

    def begin(fault: str) -> Site:
        if request.param == "sshd":
            site: Site = SshdSite(tmp_path, AT_CLOSE, large=RECORDS // 2)
        else:
            site = RehearsalSite(tmp_path, "keep", large=RECORDS // 2, turn_around_seconds=0, fault=fault, fault_seconds=4)
        opened.append(site)
        site.prepare(*(trusted(n) for n in range(RECORDS)))
        assert site.upload().code == 0
        return site

    yield begin
    for site in opened:
        site.close()


def reported(site: Site, fault: str) -> list[Path]:
    """Lets OCLC write its reports of everything that was taken, with this going wrong; gives back where they are."""
    if isinstance(site, RehearsalSite):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            every, done = read_journal(site.folder)
            if all(taken.ident in done for taken in every):
                break
            time.sleep(0.05)
        return sorted((site.folder / "accounts/fx_zaa" / FOLDER).iterdir())
    assert isinstance(site, SshdSite)
    desk = site.place / "desk"
    rehearsal = prepare_rehearsal(desk, accounts=[Account("ZAA", ("1000001",), "fx_zaa")], seed=1, fault=fault)
    journal = Journal(desk)
    for path in sorted(site.mover.taken.iterdir()):
        journal.take(Path(shutil.copy(path, desk / path.name.partition("-")[2])), "fx_zaa")
    office = Office(desk, journal)
    while journal.waiting:
        office.work_through(journal.waiting[0])
    journal.close()
    for report in (rehearsal.root("fx_zaa") / FOLDER).iterdir():
        shutil.copy(report, site.server.root / REPORTS)
    return sorted((site.server.root / REPORTS).iterdir())


def balance(site: Site, code: int = 0) -> Balance:
    """Fetches, and gives the account, which balances."""
    assert site.console("fetch", "ZAA").code == code
    answer = account(site.workspace, "ZAA")
    assert all(file.balanced for file in answer.files)
    assert answer.total["sent"] == RECORDS
    return answer


def outcomes(answer: Balance) -> int:
    """How many records have an outcome."""
    total: dict[str, Any] = answer.total
    return RECORDS - int(total["not_reported"])


def test_a_late_report_is_not_yet_and_late_and_never_nought(at: Open) -> None:
    site = at("report-late")
    time.sleep(1.5)
    if isinstance(site, RehearsalSite):
        answer = balance(site)
        assert answer.files[0].outcomes is None and answer.files[0].late
        assert answer.files[0].not_reported == answer.files[0].records
    else:
        answer = balance(site)
        assert [file.outcomes for file in answer.files] == [None, None] and all(file.late for file in answer.files)
    reported(site, "")
    assert outcomes(balance(site)) == RECORDS


def test_a_report_that_breaks_off_leaves_the_rest_not_reported_until_a_whole_one_comes(at: Open) -> None:
    site = at("report-truncated")
    reported(site, "report-truncated")
    answer = balance(site, code=1)
    first, second = answer.files
    assert 0 < first.not_reported < first.records and second.not_reported == 0
    fetched = [event for event in site.events("fetch") if event["kind"] == "ReportFiled" and event["refused"]]
    assert len(fetched) == 1 and fetched[0]["refused_lines"]


@pytest.mark.slow
def test_a_report_that_was_fetched_while_oclc_was_still_writing_it_is_fetched_again(at: Open) -> None:
    site = at("")
    path = next(path for path in reported(site, "") if "Processing" in path.name)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"\n", 0, len(whole) // 2) + 20])  # in the middle of a line
    assert outcomes(balance(site, code=1)) < RECORDS
    path.write_bytes(whole)
    assert outcomes(balance(site)) == RECORDS


@pytest.mark.slow
def test_a_report_that_comes_twice_counts_each_record_once(at: Open) -> None:
    site = at("report-doubled")
    names = reported(site, "report-doubled")
    assert sum("Processing" in path.name for path in names) == 3
    answer = balance(site)
    assert outcomes(answer) == RECORDS
    assert outcomes(balance(site)) == RECORDS


@pytest.mark.slow
def test_a_file_that_oclc_works_through_twice_counts_each_record_once_and_the_newest_answer_counts(at: Open) -> None:
    site = at("rerun")
    names = reported(site, "rerun")
    assert sum("Processing" in path.name for path in names) == 3
    answer = balance(site)
    assert outcomes(answer) == RECORDS
    assert sum(file.reports for file in answer.files) == 3
