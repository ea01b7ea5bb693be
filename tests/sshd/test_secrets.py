"""Secrets are planted wherever the console could meet one: a key's passphrase, a keyring's password, the environment, a
person's mistake in console.toml. None of them stands in anything that is written or said, nor in the process list."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sshd.mover import AT_CLOSE
from tests.sshd.server import needs_sshd
from tests.sshd.site import SshdSite

PASSPHRASE = f"correct-Horse-7391-passphrase-{os.getpid()}"  # its own: the tests beside it make keys, too
PASSWORD = "Zebra-4417-keyring-password"
IN_ENVIRONMENT = "Walrus-9902-environment-token"
IN_SETTINGS = "Ocelot-3355-typed-by-mistake"
SECRETS = (PASSPHRASE, PASSWORD, IN_ENVIRONMENT, IN_SETTINGS)

KEYRING = f"""
from keyring.backend import KeyringBackend

class Planted(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        return {PASSWORD!r}
    def set_password(self, service, username, password):
        raise NotImplementedError
    def delete_password(self, service, username):
        raise NotImplementedError
"""

pytestmark = needs_sshd


class Watched:
    """The console, with every secret planted around it, and an eye on the process list while it runs."""

    def __init__(self, site: SshdSite, place: Path) -> None:
        self.site, self.said, self.seen = site, [""], [b""]
        (place / "modules").mkdir()
        (place / "modules" / "planted_keyring.py").write_text(KEYRING)
        path = os.pathsep.join([str(place / "modules"), str(Path(__file__).parents[2])])
        self.environment = {**os.environ, "PYTHONPATH": path, "OCLC_CONSOLE_PASSWORD": IN_ENVIRONMENT,
                            "SSH_PASSPHRASE": IN_ENVIRONMENT, "PYTHON_KEYRING_BACKEND": "planted_keyring.Planted"}

    def __call__(self, *words: str) -> int:
        command = [sys.executable, "-m", "oclc_console", "--workspace", str(self.site.workspace.root), *words]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, env=self.environment)
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,))
        watcher.start()
        said, _ = child.communicate(timeout=120)
        over.set()
        watcher.join()
        self.said.append(said)
        return child.returncode

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    with contextlib.suppress(OSError):
                        self.seen.append((entry / "cmdline").read_bytes())
            time.sleep(0.05)

    def settings(self, old: str, new: str) -> None:
        toml = self.site.workspace.root / "console.toml"
        text = toml.read_text()
        assert old in text
        toml.write_text(text.replace(old, new))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    site = SshdSite(tmp_path, AT_CLOSE, large=1)
    site.some_files()
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", str(site.key)], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    yield Watched(site, tmp_path)
    site.close()


@contextlib.contextmanager
def agent(key: Path, place: Path) -> Iterator[str]:
    """An ssh-agent that holds the key; its socket."""
    plug = str(place / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", plug], stdout=subprocess.DEVNULL) as process:
        try:
            while not os.path.exists(plug):
                time.sleep(0.02)
            ask = place / "ask"
            ask.write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
            ask.chmod(0o700)
            environment = {**os.environ, "SSH_AUTH_SOCK": plug, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force",
                           "DISPLAY": ":0"}
            subprocess.run(["ssh-add", str(key)], check=True, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
            ask.unlink()
            yield plug
        finally:
            process.send_signal(signal.SIGTERM)


def clean(watched: Watched) -> None:
    """No secret, and no part of the private key, anywhere."""
    key = watched.site.key.read_text().splitlines()[1:-1]
    for secret in (*SECRETS, *key):
        assert not any(secret in said for said in watched.said), "said"
        assert not any(secret.encode() in line for line in watched.seen), "in the process list"
        for path in watched.site.workspace.root.rglob("*"):
            if path.is_file() and not (path.name == "console.toml" and secret == IN_SETTINGS):
                assert secret.encode() not in path.read_bytes(), path


def test_an_agent_that_holds_a_key_with_a_passphrase_sends_and_nothing_secret_is_written(
        watched: Watched, tmp_path: Path) -> None:
    watched.settings("[exchange]\n", '[exchange]\nauth = "agent"\n')
    with agent(watched.site.key, tmp_path) as plug:
        watched.environment["SSH_AUTH_SOCK"] = plug
        assert watched("check", "ZAA") == 0, watched.said[-1]
        assert watched("upload", "ZAA", "--json") == 0, watched.said[-1]
        assert watched("fetch", "ZAA") == 0, watched.said[-1]
    assert watched("account", "ZAA", "--json") == 0
    clean(watched)


def test_a_key_with_a_passphrase_and_no_agent_fails_without_telling_anything(watched: Watched) -> None:
    assert watched("upload", "ZAA", "--json") == 2
    assert "has a passphrase" in watched.said[-1] and "agent" in watched.said[-1]
    clean(watched)


@pytest.mark.slow
def test_a_keyring_that_has_the_wrong_secret_fails_without_telling_it(watched: Watched) -> None:
    pytest.importorskip("keyring", reason="the keyring library is not installed")
    watched.settings("[exchange]\n", '[exchange]\nauth = "keyring"\n')
    assert watched("upload", "ZAA", "--json") == 2
    assert "does not open" in watched.said[-1]
    watched.settings('client_key"', 'no_such_key"')
    assert watched("upload", "ZAA", "--json") == 3
    assert "does not let" in watched.said[-1]
    clean(watched)


def test_a_password_typed_into_the_settings_is_refused_and_not_repeated(watched: Watched) -> None:
    watched.settings("[exchange]\n", f'[exchange]\npassword = "{IN_SETTINGS}"\n')
    assert watched("upload", "ZAA", "--json") == 2
    assert "password" in watched.said[-1]
    clean(watched)
    watched.settings(f'password = "{IN_SETTINGS}"\n', f'auth = "{IN_SETTINGS}"\n')
    assert watched("upload", "ZAA", "--json") == 2
    clean(watched)
