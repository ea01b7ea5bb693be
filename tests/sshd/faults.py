"""Everything that can go wrong with an upload, made to happen at both servers, and the judge: what was lost, what went twice
without a signature, whether what is shown is true, and whether the next step is offered. The judge believes the mover's log
and the rehearsal's journal, never the console."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from oclc_console.files import replace_file
from tests.sshd.mover import AT_CLOSE, WHEN_QUIET
from tests.sshd.site import KINDS, RehearsalSite, Site, SshdSite, can_mount, fill, small_disk

MIDDLE = 700_000  # bytes into the first file's 1.6 MB
LOGIN = 1_500  # bytes from the client: its login is under way
NEXT = re.compile(r"same command again|run the same|again with|--again|fetch|ask OCLC|check |pin it|prepare it again|free some|"
                  r"resume|report.s row count settles", re.IGNORECASE)
OFTEN = ("sshd/at-close", "rehearsal/keep")  # where it makes no difference how files are taken, these two stand for all
SSHD_ONLY = tuple(kind for kind in KINDS if kind.startswith("sshd"))


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `says` must stand in what the command told; `packets` needs the go-between; `server` are
    more words for the sshd; `mishap` names the rehearsal's own. `arrange` sets it up on either site. `codes` are the exit
    codes the first call may have."""

    name: str
    title: str
    says: str
    arrange: Callable[[Site], None] = lambda site: None
    codes: tuple[int, ...] = (0,)
    packets: bool = False
    server: dict[str, object] = field(default_factory=dict)
    mishap: dict[str, object] = field(default_factory=dict)
    kinds: tuple[str, ...] = KINDS
    disk: str = ""  # "server" or "here": which one stands on a small disk
    quick: bool = False
    large: int = 24  # records in the first file, of 67 KB each
    small: int = 3  # records of a few hundred bytes after them
    stall: float = 2.0
    fires: bool = True  # whether something notes the moment at which it happens
    once: bool = False  # the server's answer, which is told once and not asked for again by itself


@dataclass
class Outcome:
    """What a fault did. `shown` are the states after the first call, `final` after the fault was lifted and the command was
    called again; `lost` and `twice` name files; `untrue` are states that the other side's log contradicts."""

    fault: str
    kind: str
    noticed: float | None
    code: int
    shown: list[str]
    final: list[str]
    said: str
    lost: list[str]
    twice: list[str]
    untrue: list[str]
    offered: bool
    signed: list[str]


def _packet(**plan: object) -> Callable[[Site], None]:
    def arrange(site: Site) -> None:
        if isinstance(site, SshdSite):
            site.plan(**plan)  # type: ignore[arg-type]

    return arrange


def _wire(count: int, act: str) -> Callable[[Site], None]:
    """At this byte of the first connection: drop, hole, freeze or restart."""
    def arrange(site: Site) -> None:
        if act in ("drop", "hole"):
            site.wire.after(count, getattr(site.wire, act))
        else:
            site.wire.after(count, lambda _: getattr(site, act)())

    return arrange


def _greeting(how: str) -> Callable[[Site], None]:
    return lambda site: setattr(site.wire, "greeting", how)


def _refused(site: Site) -> None:
    if isinstance(site, SshdSite):
        site.server.let_in(False)
        site.ending(site.server.let_in)


def _other_key(site: Site) -> None:
    """Its key has changed since it was pinned; what a person pins in the end is the new one."""
    if isinstance(site, SshdSite):
        site.server.new_host_key()
        site.restart()
        site.ending(lambda: site.pin(site.server_key()))
    else:
        assert isinstance(site, RehearsalSite)
        site.mishap(fault="host-key-changed", fault_times=1)
        site.restart()
        site.ending(site.restart)


def _unpinned(site: Site) -> None:
    site.workspace.known_hosts.unlink()
    site.ending(lambda: site.pin(site.server_key()))


def _wrong_folder(site: Site) -> None:
    toml = site.workspace.root / "console.toml"
    good = toml.read_text()
    toml.write_text(good.replace("/in/bib", "/in/nowhere"))
    site.ending(lambda: toml.write_text(good))


def _slow(site: Site) -> None:
    site.wire.bytes_a_second = 400_000


def _pauses(site: Site) -> None:
    """Nothing moves for less than the time after which a link is given up, then it goes on."""
    def pause(passage: object) -> None:
        site.wire.hole(passage)  # type: ignore[arg-type]
        threading.Timer(site.stall * 0.6, site.wire.lift).start()

    site.wire.after(MIDDLE, pause)


def _old_link(site: Site) -> None:
    """The first link falls silent; when its successor is in the middle of the file, the server notices that the first is
    dead and closes what was open on it."""
    site.wire.after(MIDDLE, site.wire.hole)

    def end_first(_: object) -> None:
        site.wire.fired()
        site.wire.passages[0].drop()
        time.sleep(0.5)  # so that the server has closed its handle before the next byte comes

    site.wire.after(MIDDLE // 2, end_first, connection=2)


def _on_local_file(change: Callable[[Path, bytes], object]) -> Callable[[Site], None]:
    def arrange(site: Site) -> None:
        path = site.files[0].path
        whole = path.read_bytes()
        site.wire.bytes_a_second = 3_000_000

        def act(_: object) -> None:
            site.wire.fired()
            change(path, whole)

        site.wire.after(300_000, act)
        site.ending(lambda: replace_file(path, whole))

    return arrange


def _truncate(path: Path, whole: bytes) -> None:
    os.truncate(path, len(whole) // 2)


def _overwrite(path: Path, whole: bytes) -> None:
    with open(path, "r+b") as handle:
        handle.seek(-1000, os.SEEK_END)
        handle.write(b"?" * 900)


def _full_there(leave: int) -> Callable[[Site], None]:
    def arrange(site: Site) -> None:
        if isinstance(site, SshdSite):
            ballast = fill(site.server.root.parent, leave)
            site.wire.after(LOGIN, lambda _: site.wire.fired())
            site.ending(ballast.unlink)

    return arrange


def _full_here(site: Site) -> None:
    def act(_: object) -> None:
        site.wire.fired()
        site.ending(fill(site.workspace.root.parent).unlink)

    site.wire.bytes_a_second = 3_000_000
    site.wire.after(MIDDLE, act)


def _quota(site: Site) -> None:
    assert isinstance(site, SshdSite)
    site.wire.after(MIDDLE, lambda _: site.wire.fired())

    def without() -> None:
        site.server.most_bytes = 0
        site.restart()

    site.ending(without)


def _no_sftp(site: Site) -> None:
    if isinstance(site, SshdSite):
        def offered() -> None:
            site.server.sftp = True
            site.restart()

        site.ending(offered)


def _read_only(site: Site) -> None:
    if isinstance(site, SshdSite):
        def writable() -> None:
            site.server.read_only = False
            site.restart()

        site.ending(writable)


def _restart_between(site: Site) -> None:
    if isinstance(site, SshdSite):
        site.plan("open", "restart", nth=2)

        def watch() -> None:
            asked = site.server.place / "restart"
            until = time.monotonic() + 60
            while not asked.exists() and time.monotonic() < until:
                time.sleep(0.01)
            site.restart()

        threading.Thread(target=watch, daemon=True).start()
    else:
        site.on_event("FileSent", site.restart)


def _stays_silent(site: Site) -> None:
    """A hole from the very first byte on, for every connection."""
    for number in range(1, 9):
        site.wire.after(1, site.wire.hole, connection=number)


def _torn_then_taken(on: str, count: int) -> Callable[[Site], None]:
    """The link is cut after so many bytes (`written`: before any of them is acknowledged); as the file is opened again, the
    mover takes what is there."""
    def arrange(site: Site) -> None:
        assert isinstance(site, SshdSite)
        site.plan(on, "drop", bytes=count)
        site.on_event("Note", lambda: site.plan("open", "take", times=2))

    return arrange


LOST = r"connection was lost|nothing moved|did not answer|refuses connections|closed"
FAULTS = (
    Fault("drop at open", "link dropped as the file is opened", LOST, _packet(on="opened", do="drop"), packets=True,
          mishap={"fault": "drop-at-open"}),
    Fault("drop early", "link dropped after 4,096 bytes", LOST, _packet(on="write", do="drop", bytes=4096), packets=True,
          mishap={"fault": "drop"}, codes=(0, 1)),
    Fault("drop in the middle", "link dropped after 700,000 bytes", LOST, _wire(MIDDLE, "drop"), codes=(0, 1), quick=True),
    Fault("drop before close", "link dropped before the close", LOST, _packet(on="close", do="drop"), packets=True,
          mishap={"fault": "drop-at-close"}, codes=(0, 1)),
    Fault("reply lost", "link dropped after the close, before its reply", LOST, _packet(on="closed", do="drop"),
          packets=True, mishap={"fault": "reply-lost"}, codes=(0, 1), quick=True),
    Fault("frozen in the middle", "server frozen (SIGSTOP) in the middle of a file", LOST, _wire(MIDDLE, "freeze"),
          codes=(3,)),
    Fault("frozen between files", "server frozen between two files", LOST, _packet(on="open", nth=2, do="freeze", times=9),
          packets=True, codes=(0, 1, 3), kinds=SSHD_ONLY),
    Fault("frozen at login", "server frozen (SIGSTOP) at login", LOST, _wire(LOGIN, "freeze"), codes=(3,), kinds=OFTEN),
    Fault("session frozen", "one session stops answering in the middle of a file", LOST,
          _packet(on="write", do="freeze", bytes=MIDDLE), packets=True, mishap={"fault": "freeze", "fault_bytes": MIDDLE},
          codes=(0, 1)),
    Fault("black hole", "packets vanish from the middle of a file on", LOST, _wire(MIDDLE, "hole"), codes=(0, 1)),
    Fault("black hole at login", "packets vanish from the first byte on", LOST, _stays_silent, codes=(3,), kinds=OFTEN),
    Fault("pause", "packets vanish for a while in the middle of a file, then all come", "sent", _pauses, codes=(0, 1),
          kinds=OFTEN),
    Fault("long pause", "packets vanish for longer than the quiet time, then all come", LOST + "|cut", _pauses,
          codes=(0, 1), kinds=("sshd/when-quiet",), stall=10.0),
    Fault("old link", "a dead link is noticed by the server while its successor sends the file", LOST, _old_link,
          codes=(0, 1)),
    Fault("login refused", "login refused", "does not let", _refused, codes=(3,), fires=False, once=True,
          mishap={"fault": "refuse-login", "fault_times": 9}, kinds=OFTEN),
    Fault("host key changed", "another host key than the pinned one", "HOST KEY HAS CHANGED", _other_key, codes=(3,),
          fires=False, once=True, quick=True, kinds=OFTEN),
    Fault("host key unknown", "no host key is pinned", "is not pinned", _unpinned, codes=(3,), fires=False, once=True,
          kinds=OFTEN),
    Fault("disk full, big file", "disk full at the far end in the middle of a file", r"Failure|No space|quota",
          _full_there(700_000), codes=(3,), disk="server", mishap={"fault": "disk-full", "fault_bytes": MIDDLE}),
    Fault("disk full, small file", "disk full at the far end, before the first byte", r"Failure|No space|quota",
          _full_there(0), codes=(3,), disk="server", mishap={"fault": "disk-full", "fault_bytes": 0}),
    Fault("quota", "no file may grow beyond 600 KB at the far end", "Failure", _quota, codes=(3,), kinds=SSHD_ONLY,
          server={"most_bytes": 600 * 1024}),
    Fault("close fails", "the close is answered with an error", r"Failure|quota", _packet(on="close", do="fail"),
          packets=True, codes=(3,), mishap={"fault": "close-fails"}),
    Fault("slow link", "400 KB a second, and never a stand-still", "sent", _slow, fires=False, kinds=OFTEN),
    Fault("restart between files", "server restarted between two files", LOST, _restart_between, packets=True,
          codes=(0, 1, 3)),
    Fault("restart in the middle", "server restarted in the middle of a file", LOST, _wire(MIDDLE, "restart"),
          codes=(0, 1, 3)),
    Fault("channel ended", "the channel is closed after one file, the connection stands", LOST,
          _packet(on="open", nth=2, do="end"), packets=True, mishap={"fault": "end-channel"}),
    Fault("no sftp", "logged in, and there is no file exchange", "offers no file exchange", _no_sftp, codes=(3,), fires=False,
          once=True, server={"sftp": False}, mishap={"fault": "no-sftp", "fault_times": 9}, kinds=OFTEN),
    Fault("no setstat", "link dropped in the middle of a file, and the server refuses to change a file's size", LOST,
          _wire(MIDDLE, "drop"), codes=(0, 1), server={"denied": "setstat,fsetstat"}, kinds=SSHD_ONLY),
    Fault("silence", "accepts the connection and says nothing", LOST + "|banner", _greeting("silent"), codes=(3,),
          kinds=OFTEN),
    Fault("closes at once", "accepts the connection and hangs up (MaxStartups)", LOST + "|banner", _greeting("close"),
          codes=(3,), kinds=OFTEN),
    Fault("wrong folder", "the upload folder is not there", "no such folder", _wrong_folder, codes=(3,), fires=False, once=True,
          kinds=OFTEN),
    Fault("permission denied", "the account may not write", "permission denied", _read_only, codes=(3,), fires=False,
          once=True, server={"read_only": True}, mishap={"fault": "read-only", "fault_times": 9}, kinds=OFTEN),
    Fault("local file truncated", "our own file is cut while it is being sent", "changed|not those that were prepared",
          _on_local_file(_truncate), codes=(1, 3), large=96),
    Fault("local file changed", "our own file is overwritten while it is being sent", "changed|not those that were prepared",
          _on_local_file(_overwrite), codes=(1, 3), large=96),
    Fault("local disk full", "our own disk is full in the middle of a file", "full|No space|space left", _full_here,
          codes=(3,), disk="here", small=24 * 40, kinds=OFTEN),
    Fault("taken at the last moment", "the torn file is taken between the look and the opening", LOST,
          _torn_then_taken("write", 5_500_000), packets=True, codes=(0, 1, 3), kinds=("sshd/when-quiet",), large=96),
    Fault("taken at the last moment, early", "the same, of a file of which nothing had been acknowledged", LOST,
          _torn_then_taken("written", 1), packets=True, codes=(0, 1, 3), kinds=("sshd/when-quiet",)),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


@contextlib.contextmanager
def site_for(fault: Fault, kind: str, place: Path, channels: int = 1) -> Iterator[Site]:
    """The place where this fault happens, with two files waiting. The first one is large enough for several channels where
    there are to be several."""
    server, mode = kind.split("/")
    large = max(fault.large, 64) if channels > 1 else fault.large
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, place / "workspace", ignore_errors=True)
        room = 8_000 * large // 24  # kilobytes: some five times what the files have
        here = held.enter_context(small_disk(place / "here", room)) / "workspace" if fault.disk == "here" else None
        site: Site
        if server == "sshd":
            root = held.enter_context(small_disk(place / "there", room // 2)) / "root" if fault.disk == "server" else None
            site = SshdSite(place, mode, go_between=fault.packets, root=root, workspace=here, large=large,
                            stall=fault.stall, channels=channels, **fault.server)  # type: ignore[arg-type]
        else:
            site = RehearsalSite(place, mode, workspace=here, large=large, stall=fault.stall,
                                 channels=channels, **fault.mishap)  # type: ignore[arg-type]
        held.callback(site.close)
        site.some_files(fault.small)
        yield site


def possible(fault: Fault) -> bool:
    """Whether this machine can do it: a small disk needs the right to mount one."""
    return not fault.disk or can_mount()


def suffer(fault: Fault, site: Site) -> Outcome:
    """Makes it happen, lifts it, calls the command again, and judges."""
    fault.arrange(site)
    first = site.upload()
    since = first.began if not fault.fires else site.fired_at()
    noticed = _noticed(site, since)
    if noticed is None and first.code and since:
        noticed = first.began + first.seconds - since  # no event of it could be written: only the command itself told
    fired = not fault.fires or site.fired_at() > 0
    shown = {name: file.state for name, file in site.shown().items()}
    site.lift()
    said, offered = [first.said], first.code == 0 or bool(NEXT.search(first.said))
    untrue = [] if fired else ["the fault never happened"]
    untrue += _contradictions(site, shown, link_may_be_down=first.code == 3)
    for _ in range(4):
        if not {"waiting", "partial"} & {file.state for file in site.shown().values()}:
            break
        again = site.upload()
        said.append(again.said)
        offered = offered and (again.code == 0 or bool(NEXT.search(again.said)))
    final = {name: file.state for name, file in site.shown().items()}
    untrue += _contradictions(site, final, link_may_be_down=False)
    took = site.settle()
    arrived = Counter(take.name for take in took if take.size)
    whole = {take.name for file in site.files for take in took if take.name == file.name and take.sha256 == file.sha256}
    doubtful = [name for name, state in final.items() if state in ("uncertain", "taken_cut")]
    lost = [file.name for file in site.files if file.name not in whole and file.name not in doubtful]
    return Outcome(fault.name, site.kind, noticed, first.code, list(shown.values()), list(final.values()), "\n".join(said),
                   lost, [name for name, count in arrived.items() if count > 1], untrue, offered, doubtful)


def sign_for(site: Site, outcome: Outcome) -> list[str]:
    """Sends again, signed, what nobody can know about; returns the files that did not then arrive whole, once more."""
    failed = []
    for file in site.files:
        if file.name not in outcome.signed:
            continue
        before = Counter(take.name for take in site.settle() if take.size)
        ran = site.upload("--again", file.name, "--reason", "nobody knows")
        took = site.settle()
        now = Counter(take.name for take in took if take.size)
        newest = [take.sha256 for take in took if take.name == file.name][-1:]
        if ran.code != 0 or newest != [file.sha256] or now[file.name] != before[file.name] + 1:
            failed.append(f"{file.name}: {ran.code} {ran.said[-400:]}")
    return failed


def _noticed(site: Site, since: float) -> float | None:
    """Seconds from the fault to the first event that tells of it."""
    for event in site.events():
        told = event["kind"] in ("Note", "FileNotSent") or (event["kind"] == "Ended" and event["state"] != "done")
        if told and since and event["when"] >= since - 0.01:
            return max(0.0, float(event["when"]) - since)
    return None


def _contradictions(site: Site, states: dict[str, str], *, link_may_be_down: bool) -> list[str]:
    """What is shown, where the other side's log says otherwise. `partial` is a state of not having been able to look."""
    took, found = site.settle(), []
    for file in site.files:
        state = states[file.name]
        seen = [take.size for take in took if take.name == file.name]
        sizes = [size for size in seen if size]
        whole = any(take.sha256 == file.sha256 for take in took if take.name == file.name)
        if state == "sent" and not whole:
            found.append(f"{file.name} is shown as sent; taken: {sizes or 'nothing'} of {file.bytes}")
        if state in ("waiting", "refused") and sizes:
            found.append(f"{file.name} is shown as {state}; taken: {sizes}")
        if state == "taken_cut" and not seen:
            found.append(f"{file.name} is shown as taken cut; nothing was taken")
        if state == "partial" and sizes and not link_may_be_down:
            found.append(f"{file.name} is shown as partial; taken: {sizes}")
    return found


MODES = {AT_CLOSE: "sshd/at-close", WHEN_QUIET: "sshd/when-quiet"}
