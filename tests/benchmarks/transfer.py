"""How fast files get to an SFTP server, beside OpenSSH's own `sftp` on the same machine at the same time. Run it by hand on a
quiet machine: it needs /usr/sbin/sshd and two gigabytes in a temporary folder.

    python -m tests.benchmarks.transfer [--json] [--rounds N] [--small]

Each round measures everything once, one after the other; the ratio of a round compares neighbours, and the medians over all
rounds are told. The connection stands already: of `sftp -b` the time of an empty batch (its handshake) is taken off. Ours is
the upload's own code for sending (connect, begin, write_all, close) without the journal; every byte's acknowledgement is
read, the size is asked and the close is waited for.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oclc_console.oclc.exchange import Address, ChannelCount, Link, connect
from tests.relay import relaying

GCM = "aes128-gcm@openssh.com"
MB = 1_000_000


@dataclass(frozen=True)
class Place:
    """A server of our own: its folder (keys, known_hosts, what arrives) and its port."""

    folder: Path
    port: int

    def at(self, port: int) -> Place:
        """The same server reached through another port."""
        return Place(self.folder, port)

    @property
    def arrived(self) -> Path:
        """Where the files end up."""
        return self.folder / "arrived"


@contextlib.contextmanager
def server() -> Iterator[Place]:
    """A real sshd for this login, on a free port."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=base, prefix="transfer-") as name:
        folder = Path(name)
        for key in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        shutil.copy(folder / "client.pub", folder / "authorized")
        (folder / "arrived").mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\nPidFile none\n")
        Path("/run/sshd").mkdir(exist_ok=True) if os.getuid() == 0 else None
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "/usr/sbin/sshd"
        with subprocess.Popen([sshd, "-D", "-f", folder / "sshd_config", "-E", folder / "log"]) as process:
            try:
                _until_open(port)
                yield Place(folder, port)
            finally:
                process.terminate()


def _until_open(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("sshd did not come up")


def make_file(path: Path, size: int) -> Path:
    """A file of random bytes."""
    with open(path, "wb") as handle:
        for _ in range(0, size, MB):
            handle.write(os.urandom(min(MB, size)))
    return path


def sftp_seconds(place: Place, files: list[Path], cipher: str | None) -> tuple[float, float]:
    """What `sftp -b` takes for these files, its handshake taken off; and as a whole command."""
    (place.folder / "known").write_text(f"[127.0.0.1]:{place.port} {_host_key(place)}\n")
    command = ["sftp", "-q", "-b", "-", "-P", str(place.port), "-i", str(place.folder / "client"),
               "-o", f"UserKnownHostsFile={place.folder}/known", "-o", "StrictHostKeyChecking=yes"]
    command += ["-c", cipher] if cipher else []
    command.append(f"{getpass.getuser()}@127.0.0.1")

    def run(batch: str) -> float:
        began = time.perf_counter()
        subprocess.run(command, input=batch, text=True, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    empty = min(run("pwd\n") for _ in range(2))
    whole = run("".join(f"put {file} {place.arrived}/{file.name}\n" for file in files))
    return whole - empty, whole


def _host_key(place: Place) -> str:
    return " ".join((place.folder / "host.pub").read_text().split()[:2])


def cat_seconds(place: Place, file: Path) -> float:
    """`ssh cat` with aes128-gcm: the encrypted loopback without SFTP's own work."""
    (place.folder / "known").write_text(f"[127.0.0.1]:{place.port} {_host_key(place)}\n")
    command = ["ssh", "-p", str(place.port), "-i", str(place.folder / "client"), "-c", GCM,
               "-o", f"UserKnownHostsFile={place.folder}/known", f"{getpass.getuser()}@127.0.0.1"]
    began = time.perf_counter()
    subprocess.run([*command, "true"], check=True)
    empty = time.perf_counter() - began
    with open(file, "rb") as source:
        began = time.perf_counter()
        subprocess.run([*command, f"cat > {place.arrived}/cat"], stdin=source, check=True)
        return time.perf_counter() - began - empty


def our_link(place: Place) -> Link:
    """Our connection to the server."""
    known = place.folder / f"known_hosts.{place.port}"
    known.write_text(f"[127.0.0.1]:{place.port} {_host_key(place)}\n")
    return connect(Address("127.0.0.1", place.port, getpass.getuser(), "key", place.folder / "client"), known)


def our_seconds(place: Place, files: list[Path], connections: int = 1, channels: int = 1) -> float:
    """What our sending takes over standing connections, the files dealt out as each gets free, each file through so many
    channels of its connection."""
    waiting, lock, problems = list(files), threading.Lock(), []
    count = ChannelCount(channels)

    def work(link: Link) -> None:
        try:
            while True:
                with lock:
                    if not waiting:
                        return
                    file = waiting.pop(0)
                sending = link.begin(file, f"{place.arrived}/{file.name}", lambda _: None, threading.Event(),
                                     channels=count)
                sending.write_all()
                sending.close()
        except Exception as error:
            problems.append(error)
            raise

    with contextlib.ExitStack() as open_links:
        links = [open_links.enter_context(our_link(place)) for _ in range(connections)]
        threads = [threading.Thread(target=work, args=(link,)) for link in links]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
    assert not problems and count.news() is None
    for file in files:
        assert (place.arrived / file.name).stat().st_size == file.stat().st_size
    return took


def one_round(place: Place, far: Place, big: Path, small: list[Path], slow: Path, few: list[Path]) -> dict[str, float]:
    """Seconds of everything, neighbours compared with each other measured one after the other."""
    took: dict[str, float] = {}

    def sftp(name: str, where: Place, files: list[Path], cipher: str | None = None) -> None:
        took[f"sftp_{name}"], took[f"sftp_{name}_whole"] = sftp_seconds(where, files, cipher)

    sftp("500", place, [big])
    took["ours_500"] = our_seconds(place, [big])
    took["ours_500_channels"] = our_seconds(place, [big], channels=2)
    sftp("gcm_500", place, [big], GCM)
    took["cat_500"] = cat_seconds(place, big)
    sftp("20", place, small)
    took["ours_20_one"] = our_seconds(place, small)
    took["ours_20_channels"] = our_seconds(place, small, channels=2)
    took["ours_20_two"] = our_seconds(place, small, 2)
    sftp("gcm_20", place, small, GCM)
    sftp("80", far, [slow])
    took["ours_80"] = our_seconds(far, [slow])
    took["ours_80_channels"] = our_seconds(far, [slow], channels=2)
    sftp("gcm_80", far, [slow], GCM)
    took["ours_80_one"] = our_seconds(far, few)
    took["ours_80_four"] = our_seconds(far, few, 4)
    sftp("20_80", far, few)
    took["ours_20_80_channels"] = our_seconds(far, few, channels=2)
    return took


RATIOS = {
    "one_vs_sftp_0ms": ("sftp_500", "ours_500"), "one_vs_sftp_gcm_0ms": ("sftp_gcm_500", "ours_500"),
    "one_vs_ssh_cat_0ms": ("cat_500", "ours_500"),
    "twenty_files_one_connection_vs_sftp_0ms": ("sftp_20", "ours_20_one"),
    "twenty_files_two_connections_vs_sftp_0ms": ("sftp_20", "ours_20_two"),
    "twenty_files_two_connections_vs_sftp_gcm_0ms": ("sftp_gcm_20", "ours_20_two"),
    "one_vs_sftp_80ms": ("sftp_80", "ours_80"), "one_vs_whole_sftp_command_80ms": ("sftp_80_whole", "ours_80"),
    "one_vs_sftp_gcm_80ms": ("sftp_gcm_80", "ours_80"),
    "four_connections_vs_one_80ms": ("ours_80_one", "ours_80_four"),
    "twenty_files_one_connection_vs_sftp_80ms": ("sftp_20_80", "ours_80_one"),
    "one_connection_two_channels_vs_sftp_0ms": ("sftp_500", "ours_500_channels"),
    "one_connection_two_channels_vs_sftp_80ms": ("sftp_80", "ours_80_channels"),
    "twenty_files_one_connection_two_channels_vs_sftp_0ms": ("sftp_20", "ours_20_channels"),
    "twenty_files_one_connection_two_channels_vs_sftp_80ms": ("sftp_20_80", "ours_20_80_channels"),
}
FLOORS = {"one_vs_sftp_0ms": 0.9, "one_vs_sftp_80ms": 1.2, "one_connection_two_channels_vs_sftp_80ms": 1.2,
          "twenty_files_two_connections_vs_sftp_0ms": 1.0,
          "four_connections_vs_one_80ms": 2.5}


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description="Upload speed beside OpenSSH's sftp.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default 3)")
    parser.add_argument("--small", action="store_true", help="a tenth of the bytes: to see that it runs, not to judge by")
    asked = parser.parse_args()
    part = 10 if asked.small else 1
    with server() as place, relaying("127.0.0.1", place.port, round_trip=0.08) as far_port:
        big = make_file(place.folder / "big", 500 * MB // part)
        small = [make_file(place.folder / f"small{n:02}", 25 * MB // part) for n in range(20)]
        rounds = []
        for number in range(asked.rounds):
            rounds.append(one_round(place, place.at(far_port), big, small, big, small))
            print(f"round {number + 1}: " + ", ".join(f"{name} {took:.2f} s" for name, took in rounds[-1].items()),
                  file=sys.stderr, flush=True)
        size = big.stat().st_size / MB
    ratios = {name: round(statistics.median(r[other] / r[ours] for r in rounds), 2) for name, (other, ours) in RATIOS.items()}
    speeds = {name: round(size / statistics.median(r[name] for r in rounds), 1) for name in rounds[0]}
    if asked.json:
        print(json.dumps({"ratios": ratios, "mb_per_s": speeds, "floors": FLOORS, "rounds": asked.rounds}))
        return
    for name, ratio in ratios.items():
        floor = FLOORS.get(name)
        print(f"{name:<48} {ratio:>6.2f}" + (f"   floor {floor}{'' if ratio >= floor else '   MISSED'}" if floor else ""))


if __name__ == "__main__":
    main()
