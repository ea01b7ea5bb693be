"""Debian's own OpenSSH server for tests: on loopback, with its own configuration, host key and user key, on a free port, as
whoever runs the tests. Its root is not changed: a session begins in a temporary folder that holds OCLC's folders. Not for
faults (faults.py) nor for taking files away (mover.py)."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

IN_BIB, REPORTS = "xfer/metacoll/in/bib", "xfer/metacoll/reports"
SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if os.access("/usr/sbin/sshd", os.X_OK) else None)

needs_sshd = [
    pytest.mark.sshd,
    pytest.mark.skipif(sys.platform != "linux", reason="the mover needs Linux (inotify)"),
    pytest.mark.skipif(SSHD is None, reason="no OpenSSH server here; on Debian: apt-get install openssh-server"),
]

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host_key
AuthorizedKeysFile {place}/authorized_keys
PidFile {place}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
LogLevel VERBOSE
MaxSessions {sessions}
"""


class Sshd:
    """A server in a folder. `go_between` puts our packet-level go-between in place of internal-sftp; `read_only` lets nobody
    write; `sftp` False leaves file exchange out; `denied` names requests it refuses; `most_bytes` limits every file it
    writes (as a quota would); `sessions` limits the channels of a connection."""

    def __init__(self, place: Path, *, go_between: bool = False, read_only: bool = False, sftp: bool = True,
                 most_bytes: int = 0, denied: str = "", sessions: int = 10, root: Path | None = None) -> None:
        self.place, self.account = place, getpass.getuser()
        self.root = root or place / "root"
        self.port = _free_port()
        self.go_between, self.read_only, self.sftp, self.most_bytes = go_between, read_only, sftp, most_bytes
        self.denied, self.sessions = denied, sessions
        self._process: subprocess.Popen[bytes] | None = None
        place.mkdir(parents=True, exist_ok=True)
        for folder in (IN_BIB, REPORTS):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it when it may change users
        self.new_host_key()
        _keygen(place / "client_key")
        self.let_in()
        self.start()

    @property
    def uploads(self) -> Path:
        """The folder files are uploaded to."""
        return self.root / IN_BIB

    @property
    def host_key(self) -> str:
        """The public host key, `ssh-ed25519 AAAA...`."""
        return " ".join((self.place / "host_key.pub").read_text().split()[:2])

    def new_host_key(self) -> None:
        """Another host key, shown from the next start on."""
        for name in ("host_key", "host_key.pub"):
            (self.place / name).unlink(missing_ok=True)
        _keygen(self.place / "host_key")

    def let_in(self, yes: bool = True) -> None:
        """Whether the user key is authorized."""
        (self.place / "authorized_keys").write_text((self.place / "client_key.pub").read_text() if yes else "")

    def start(self) -> None:
        """Starts it on its port and waits until it answers."""
        command = f"internal-sftp -d {self.root}"
        if self.read_only:
            command += " -R"
        if self.denied:
            command += f" -P {self.denied}"
        if self.go_between:
            command = f"{sys.executable} {Path(__file__).with_name('go_between.py')} {self.place / 'plan.json'} {self.root}"
        config = _CONFIG.format(port=self.port, place=self.place, sessions=self.sessions)
        if self.sftp:
            config += f"Subsystem sftp internal-sftp\nForceCommand {command}\n"
        (self.place / "sshd_config").write_text(config)
        assert SSHD is not None
        words = [SSHD, "-D", "-e", "-f", str(self.place / "sshd_config")]
        if self.most_bytes:  # bash counts in blocks of 1,024 bytes
            words = ["bash", "-c", f"trap '' XFSZ; ulimit -f {self.most_bytes // 1024}; exec \"$@\"", "sshd", *words]
        with open(self.place / "sshd.log", "ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as plug:
                    plug.recv(4)
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.place / "sshd.log").read_text()[-2000:]) from None
                time.sleep(0.02)

    @property
    def processes(self) -> list[int]:
        """The server and every session of it, by process id."""
        return [] if self._process is None else [self._process.pid, *_below(self._process.pid)]

    def signal(self, number: int) -> None:
        """Sends a signal to the server and all its sessions."""
        for pid in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        """Ends it and every session."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What it said."""
        return (self.place / "sshd.log").read_text(errors="replace")


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True,
                   stdin=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        return int(plug.getsockname()[1])


def _below(pid: int) -> list[int]:
    """The descendants of a process."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(after[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found
