"""What a server may refuse without being broken: to open file exchange at all, or to change the size of a file. Its answer is
told once, in plain words, and what can be sent is sent. Against Debian's sshd."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oclc_console.operations.outbox import OutboxFile
from oclc_console.store.events import Event, FileOpened, FileStarted
from oclc_console.store.runs import Operation, RunFolder, run
from tests.sshd.mover import WHEN_QUIET
from tests.sshd.server import needs_sshd
from tests.sshd.site import SshdSite

pytestmark = [*needs_sshd]
Open = Callable[..., SshdSite]


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Open]:
    """Opens a site with one file waiting; what lies there is not taken before the upload is over."""
    sites: list[SshdSite] = []

    def begin(**server: Any) -> SshdSite:
        site = SshdSite(tmp_path, WHEN_QUIET, quiet=6.0, large=3, **server)
        sites.append(site)
        site.some_files(0)
        return site

    yield begin
    for site in sites:
        site.close()


def cut(site: SshdSite, there: bytes) -> OutboxFile:
    """Leaves the first file as a process would that died while sending it, with these bytes on the server."""
    file = site.files[0]

    def work(folder: RunFolder) -> Iterator[Event]:
        yield FileStarted(file.name, file.bytes, file.sha256, 1)
        yield FileOpened(file.name)

    list(run(site.workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
    (site.uploads / file.name).write_bytes(there)
    return file


@pytest.mark.slow
def test_a_server_that_lets_us_in_and_offers_no_file_exchange_is_told_once_with_whom_to_ask(sshd: Open) -> None:
    site = sshd(sftp=False)
    for words in (("upload", "ZAA"), ("fetch", "ZAA")):
        ran = site.console(*words)
        assert ran.code == 3 and "trying again" not in ran.said
        assert f"it lets {site.account} in and offers no file exchange (SFTP)" in ran.said
        assert "Ask OCLC to switch file exchange on" in ran.said
    ran = site.console("check", "ZAA")
    assert ran.code == 3 and "offers no file exchange" in ran.out + ran.said
    assert [file.state for file in site.shown().values()] == ["waiting"]


@pytest.mark.slow
def test_a_server_that_refuses_to_change_a_files_size_gets_a_cut_one_written_over_from_its_start(sshd: Open) -> None:
    site = sshd(denied="setstat,fsetstat")
    file = cut(site, b"x" * 100_000)
    assert site.upload().states == {file.name: "sent"}
    assert [(take.size, take.sha256) for take in site.settle()] == [(file.bytes, file.sha256)]


def test_where_more_lies_there_than_ours_has_and_can_not_be_made_shorter_nothing_is_sent_and_it_says_so(sshd: Open) -> None:
    site = sshd(denied="setstat,fsetstat")
    file = cut(site, b"x" * (site.files[0].bytes + 10))
    ran = site.upload()
    assert ran.code == 3 and ran.states == {file.name: "partial"}
    assert "does not let us empty the" in ran.said and "ask OCLC to remove it" in ran.said
    assert "trying again" not in ran.said


@pytest.mark.slow
def test_a_server_that_neither_changes_nor_tells_sizes_gets_whole_files_all_the_same(sshd: Open) -> None:
    site = sshd(denied="setstat,fsetstat,stat,fstat,lstat")
    assert list(site.upload().states.values()) == ["sent"]
    assert [take.sha256 for take in site.settle()] == [site.files[0].sha256]
