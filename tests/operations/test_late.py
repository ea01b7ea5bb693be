"""Which reports are late, and the mail to OCLC about them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from oclc_console import clock
from oclc_console.operations.account import account
from oclc_console.operations.import_reports import file_report
from oclc_console.operations.mail_to_oclc import mail_text, mails_to_oclc, save_mails
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.status import Alert, status
from oclc_console.operations.upload import upload
from oclc_console.store.events import ReportFiled
from oclc_console.workspace import Workspace
from tests.operations.oclc_stage import at_oclc, fetch_once, name_of, quiet_workspace
from tests.operations.stage import carry_out, console, holding, ledger, rehearsing, trusted, workspace_in, write

TOML = """
[institution]
name = "Example University Library"
[exchange]
late_first_days = 10
late_after_hours = 6
[symbols.ZAA]
[[symbols.ZAA.streams]]
name = "Vernacular"
collection = "1000001"
keep = { none = ["999$a"] }
[[symbols.ZAA.streams]]
name = "Cancels"
collection = "1000002"
kind = "delete"
keep = { all = ["999$a"] }
[symbols.ZOLD]
disposition = "retiring"
successor = "ZAA"
"""


class Later:
    """A clock that can be moved on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real, self._by = clock.now, timedelta(0)
        monkeypatch.setattr(clock, "now", lambda: self._real() + self._by)

    def by(self, **length: float) -> None:
        """So long after the true time."""
        self._by = timedelta(**length)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    return Later(monkeypatch)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_in(tmp_path, TOML)


def send(workspace: Workspace, number: int, *, symbol: str = "ZAA", more: tuple[tuple[bytes, bytes], ...] = ()) -> OutboxFile:
    """One more file of two records, prepared and sent."""
    before = {file.name for file in read_outbox(workspace, symbol)}
    made = [holding(n, (b"079", b"  \x1fa%d" % (1000 + n)), *more) for n in (2 * number, 2 * number + 1)]
    source = write(workspace.root.parent / f"{symbol}-{number}.mrc", *made)
    carry_out(workspace, prepare(workspace, symbol, [source], accept_unrouted="a test"))
    with rehearsing(workspace, turn_around_seconds=3600):
        carry_out(workspace, upload(workspace, symbol))
    (file,) = [file for file in read_outbox(workspace, symbol) if file.name not in before]
    assert file.state == "sent"
    return file


def report(workspace: Workspace, file: OutboxFile, which: tuple[int, ...] = (0, 1), second: int = 1) -> None:
    """OCLC's report on some of the file's records."""
    ends = [row["end"] for row in ledger(workspace, file.symbol) if row["outbox"] == file.name]
    rows = [f"ZAA_{file.collection}_{1604391120123 + second}::bib::{ends[n]}|22|1|1|match\n" for n in which]
    name = name_of(time=f"{31200123 + second:09d}", original=file.name)
    filed = file_report(workspace, name, "".join(rows).encode())
    assert isinstance(filed, ReportFiled), filed


def late(workspace: Workspace) -> list[Alert]:
    return [alert for alert in status(workspace).alerts if alert.kind == "late"]


def late_files(workspace: Workspace, symbol: str = "ZAA") -> list[str]:
    return [file.name for file in account(workspace, symbol).files if file.late]


def test_while_oclc_has_never_reported_on_a_collection_all_its_files_have_weeks(workspace: Workspace, later: Later) -> None:
    first, second = send(workspace, 1), send(workspace, 2)
    later.by(days=9)
    assert late(workspace) == [] and late_files(workspace) == []
    later.by(days=11)
    assert late_files(workspace) == [first.name, second.name]
    (alert,) = late(workspace)
    assert (alert.symbol, alert.text) == (
        "ZAA", "late by 1 d: no report on 2 files, collection 1000001 (vernacular)"), "one alert a collection"


def test_a_collection_that_oclc_has_reported_on_runs_and_has_hours(workspace: Workspace, later: Later) -> None:
    first = send(workspace, 1)
    report(workspace, first)
    second = send(workspace, 2)
    later.by(hours=5)
    assert late(workspace) == []
    later.by(hours=7)
    assert late_files(workspace) == [second.name]
    (alert,) = late(workspace)
    assert alert.text == f"late by 1 h: no report on {second.name}, collection 1000001 (vernacular)"
    report(workspace, second, second=60)
    assert late(workspace) == [] and late_files(workspace) == []


def test_files_sent_before_the_first_report_have_the_hours_from_then_on(workspace: Workspace, later: Later) -> None:
    first, second = send(workspace, 1), send(workspace, 2)
    later.by(days=5)
    report(workspace, first)
    later.by(days=5, hours=5)
    assert late(workspace) == []
    later.by(days=5, hours=7)
    assert late_files(workspace) == [second.name]


def test_a_report_that_answers_half_of_a_file_is_late_for_the_other_half(workspace: Workspace, later: Later) -> None:
    file = send(workspace, 1)
    report(workspace, file, (0,))
    later.by(hours=7)
    assert late_files(workspace) == [file.name] and "no whole report" in late(workspace)[0].text
    report(workspace, file, (0,), second=60)
    assert late_files(workspace) == [file.name] and late(workspace), "the same half once more"
    report(workspace, file, (1,), second=120)
    assert late_files(workspace) == [] and late(workspace) == [], "the other half"


def test_a_report_whose_format_nobody_knows_answers_its_file(workspace: Workspace, later: Later) -> None:
    file = send(workspace, 1, more=((b"999", b"  \x1fax"),))
    assert file.collection == "1000002"
    later.by(days=11)
    assert late_files(workspace) == [file.name]
    report(workspace, file, (0,))
    assert late(workspace) == [] and late_files(workspace) == []


def test_a_retiring_symbols_files_share_the_patience_of_their_collection(workspace: Workspace, later: Later) -> None:
    report(workspace, send(workspace, 1))
    old = send(workspace, 2, symbol="ZOLD")
    later.by(hours=7)
    assert late_files(workspace, "ZOLD") == [old.name]
    assert [(alert.symbol, alert.kind) for alert in late(workspace)] == [("ZOLD", "late")]
    (mail,) = mails_to_oclc(workspace, "ZOLD")
    assert "account fx_zaa" in mail.text and "OCLC symbol ZOLD (sent under ZAA)" in mail.text


def test_what_waits_or_was_never_sent_is_never_late(workspace: Workspace, later: Later, tmp_path: Path) -> None:
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1))], accept_unrouted="a test"))
    later.by(days=1000)
    assert late(workspace) == [] and late_files(workspace) == []


def test_what_alma_delivers_is_awaited_from_when_it_was_prepared_here(tmp_path: Path, later: Later) -> None:
    workspace = workspace_in(tmp_path, TOML.replace('name = "Vernacular"\n', 'name = "Vernacular"\ndelivery = "alma"\n'))
    published = write(tmp_path / "1000001.zaa.all_28150407720009999_new.mrc_1", trusted(1))
    carry_out(workspace, prepare(workspace, "ZAA", [published], accept_unrouted="a test"))
    later.by(days=9)
    assert late(workspace) == []
    later.by(days=13)
    (alert,) = late(workspace)
    assert "late by 3 d" in alert.text
    (mail,) = mails_to_oclc(workspace, "ZAA")
    assert published.name in mail.text and "published before" in mail.text


def test_the_mail_says_all_that_oclc_needs_and_nothing_we_cannot_vouch_for(workspace: Workspace, later: Later) -> None:
    file = send(workspace, 1)
    assert mails_to_oclc(workspace, "ZAA") == ()
    later.by(days=13, hours=1)
    (mail,) = mails_to_oclc(workspace, "ZAA")
    assert mail.subject == "Data sync: no report on 1 file of ZAA, collection 1000001"
    assert mail.text.startswith(f"To: OCLC Support\nSubject: {mail.subject}\n\n") and "@" not in mail.text
    sent = clock.parse(str(file.sent_at))
    for said in (file.name, f"sent {sent:%Y-%m-%d %H:%M} UTC", f"{file.bytes:,} bytes, 2 records", "closed without error",
                 "it is 3 days late", "Collection 1000001 (Vernacular)", "never reported on this collection", "Being Reviewed",
                 "Example University Library",
                 "fx_zaa", "/xfer/metacoll/in/bib", "/xfer/metacoll/reports"):
        assert said in mail.text, mail.text
    assert max(map(len, mail.text.splitlines())) <= 80
    path = save_mails(workspace, "ZAA", [mail])
    assert path.read_text() == mail.text and path.parent == workspace.root / "mail"


def test_the_mail_for_removed_files_has_the_subject_oclc_asks_for(tmp_path: Path) -> None:
    workspace = quiet_workspace(tmp_path)
    stub = at_oclc(workspace) / f"{name_of()}.zip-stub.txt"
    stub.write_bytes(b"")
    os.utime(stub, (1604224800, 1604224800))
    with rehearsing(workspace):
        fetch_once(workspace)
    (mail,) = mails_to_oclc(workspace, "ZAA")
    assert mail.subject == "Collection Manager File Request"
    assert f"  {name_of()}.zip\n    in /xfer/metacoll/reports, removed 2020-11-01\n" in mail.text
    assert mails_to_oclc(workspace, "ZOLD")[0].subject == mail.subject, "its reports come to the same account"
    assert mails_to_oclc(workspace, "ZBB") == () and mail_text([]) == ""


@pytest.mark.slow
def test_the_commands_tell_of_what_is_late_and_print_the_mail(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = workspace.root / "console.toml"
    file = send(workspace, 1)
    nothing = console(workspace, "account", "ZAA", "--mail")
    assert nothing.returncode == 0 and "There is nothing to write" in nothing.stdout
    toml.write_text(toml.read_text().replace("late_first_days = 10", "late_first_days = 0.0000001"))
    mail = console(workspace, "account", "zaa", "--mail")
    assert mail.returncode == 0 and mail.stdout.startswith("To: OCLC Support\nSubject: Data sync: no report on 1 file of ZAA")
    told = orjson.loads(console(workspace, "account", "ZAA", "--mail", "--json").stdout)
    assert [each["text"] for each in told["mails"]] == [mail.stdout]
    shown = console(workspace, "account", "ZAA").stdout
    assert "! late: a report was due 20" in shown and "1 late; the mail to OCLC: oclc-console account ZAA --mail" in shown
    answer = orjson.loads(console(workspace, "account", "ZAA", "--json").stdout)
    assert answer["files"][0]["late"] is True and answer["total"]["late"] == 1 and answer["files"][0]["due_at"]
    alerts = orjson.loads(console(workspace, "status", "--json").stdout)["alerts"]
    assert [(alert["kind"], alert["symbol"]) for alert in alerts] == [("late", "ZAA")]
    assert file.name in console(workspace, "status").stdout
