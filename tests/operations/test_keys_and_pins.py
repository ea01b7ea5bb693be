"""Getting in: key pairs, host keys and secrets. Nothing secret is ever shown, no key is overwritten, and no host key is
accepted by itself."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import types
from pathlib import Path

import pytest

from oclc_console.errors import CallError, SettingsError
from oclc_console.oclc.login import Address, credentials
from oclc_console.operations.keys import make_keys, walk_through
from oclc_console.settings_file import settings_of
from tests.operations.stage import TOML, console, rehearsing, workspace_in
from tests.operations.test_upload import prepared

SECRET = "correct horse battery"


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH's ssh-keygen to compare with")
def test_a_key_pair_is_one_that_openssh_understands_and_only_its_owner_reads(tmp_path: Path, kind: str) -> None:
    pair = make_keys(tmp_path / "new" / "key", kind, "oclc-console jdoe")  # type: ignore[arg-type]
    assert stat.S_IMODE(pair.private.stat().st_mode) == 0o600
    again = subprocess.run(["ssh-keygen", "-y", "-f", pair.private], capture_output=True, text=True, check=True).stdout
    assert pair.line.split()[:2] == again.split()[:2] and pair.line.endswith(" oclc-console jdoe")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", pair.public], capture_output=True, text=True, check=True).stdout
    assert pair.fingerprint in shown


def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    made = make_keys(tmp_path / "key", "ed25519", "one")
    before = made.private.read_bytes()
    with pytest.raises(CallError, match="never overwritten"):
        make_keys(tmp_path / "key", "ed25519", "two")
    made.private.unlink()
    with pytest.raises(CallError, match="never overwritten"):
        make_keys(tmp_path / "key", "ed25519", "two")
    assert before and not made.private.exists()


def test_the_walk_through_says_to_overwrite_authorized_keys_and_never_to_delete_it(tmp_path: Path) -> None:
    settings = settings_of(TOML + '\n[exchange]\nhost = "europe"\n', tmp_path / "console.toml")
    said = "\n".join(walk_through(settings, make_keys(tmp_path / "key", "ed25519", "x")))
    assert "OVERWRITE" in said and "NEVER delete" in said
    assert "fx_zaa@filex-r1.oclc.org" in said and ".ssh/authorized_keys" in said
    assert (tmp_path / "key").read_text().splitlines()[1] not in said


def keyring_with(monkeypatch: pytest.MonkeyPatch, secret: str | None) -> None:
    """A keyring that has this secret: the library itself is optional and talks to a desktop."""
    library, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    library.get_password = lambda service, account: secret  # type: ignore[attr-defined]
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", library)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def address(key: Path) -> Address:
    return Address("filex-r1.oclc.org", 22, "fx_zaa", "keyring", key)


def test_the_keyring_has_the_passphrase_of_the_key_or_the_password_where_there_is_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring_with(monkeypatch, SECRET)
    for passphrase in (SECRET, None):
        key = make_keys(tmp_path / f"key-{passphrase}", "ed25519", "x", passphrase).private
        found = credentials(address(key))
        assert found.key is not None and found.password is None
    found = credentials(address(tmp_path / "none"))
    assert (found.key, found.password) == (None, SECRET)
    assert SECRET not in repr(found)


def test_no_secret_stands_in_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_keys(tmp_path / "key", "ed25519", "x", "another passphrase").private
    keyring_with(monkeypatch, SECRET)
    with pytest.raises(SettingsError, match="does not open the private key") as told:
        credentials(address(key))
    assert SECRET not in str(told.value) and told.value.__cause__ is None
    keyring_with(monkeypatch, None)
    with pytest.raises(SettingsError, match="keyring has nothing"):
        credentials(address(key))


def test_a_key_with_a_passphrase_says_what_to_do_about_it(tmp_path: Path) -> None:
    key = make_keys(tmp_path / "key", "ed25519", "x", SECRET).private
    with pytest.raises(SettingsError, match="has a passphrase"):
        credentials(Address("h", 22, "fx_zaa", "key", key))
    with pytest.raises(SettingsError, match="no private key we can use"):
        credentials(Address("h", 22, "fx_zaa", "key", key.with_name("key.pub")))


def test_data_centres_have_names_and_the_account_of_a_symbol_its_escapes(tmp_path: Path) -> None:
    def read(text: str):  # type: ignore[no-untyped-def]
        return settings_of(text, tmp_path / "console.toml")

    assert read(TOML + '\n[exchange]\nhost = "Australia"\n').exchange.host == "filex-r2.oclc.org"
    behalf = read(TOML.replace("ZAA", '"Z$A"').replace('successor = ""Z$A""', 'successor = "Z$A"')
                  + '\n[exchange]\naccount = "fx_agency"\non_behalf = true\n')
    symbol = behalf.symbol("Z$A")
    assert behalf.upload_folder_of(symbol) == "/xfer/Z_36A/metacoll/in" and behalf.account_of(symbol) == "fx_agency"
    assert behalf.upload_folder_of(behalf.symbol("ZOLD")) == "/xfer/Z_36A/metacoll/in"
    with pytest.raises(SettingsError, match="one account"):
        read(TOML + "\n[exchange]\non_behalf = true\n")
    with pytest.raises(SettingsError, match="connections"):
        read(TOML + "\n[exchange]\nconnections = 9\n")


@pytest.mark.slow
def test_a_host_key_named_beforehand_is_pinned_when_and_only_when_it_is_the_one(tmp_path: Path) -> None:
    from oclc_console.oclc.exchange import UnknownHostKey, shown_host_key
    from oclc_console.operations.connection import address_of, pin_if_it_is

    workspace = prepared(tmp_path, 1)
    symbol = workspace.settings.symbol("ZAA")
    with rehearsing(workspace):
        workspace.known_hosts.unlink()
        with pytest.raises(UnknownHostKey) as unknown:
            shown_host_key(address_of(workspace, symbol), workspace.known_hosts)
        with pytest.raises(Exception, match="not the one named"):
            pin_if_it_is(workspace, symbol, "SHA256:" + "A" * 43)
        assert not workspace.known_hosts.exists()
        with pytest.raises(CallError, match="SHA256"):
            pin_if_it_is(workspace, symbol, "MD5:aa")
        assert pin_if_it_is(workspace, symbol, unknown.value.fingerprint)
        assert unknown.value.line in workspace.known_hosts.read_text()
        assert not pin_if_it_is(workspace, symbol, unknown.value.fingerprint), "it is pinned already"
        other = console(workspace, "upload", "ZAA", "--host-key", "SHA256:" + "A" * 43)
        assert other.returncode == 3 and "not the one named" in other.stderr
        assert console(workspace, "upload", "ZAA", "--host-key", unknown.value.fingerprint).returncode == 0


def test_a_damaged_line_in_known_hosts_is_named_and_nothing_is_accepted(tmp_path: Path) -> None:
    from oclc_console.operations.connection import connect_for

    workspace = prepared(tmp_path, 1)
    with rehearsing(workspace):
        workspace.known_hosts.write_text(workspace.known_hosts.read_text() + "example.org ssh-ed25519 AAAAB\n")
        with pytest.raises(SettingsError, match="line 2 of it can't be read"):
            connect_for(workspace, workspace.settings.symbol("ZAA"))


@pytest.mark.slow
def test_keys_from_the_shell_makes_them_once_and_shows_them_again(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, TOML + f'\n[exchange]\nkey = "{tmp_path}/made"\n')
    made = console(workspace, "keys")
    assert made.returncode == 0 and "SHA256:" in made.stdout, made.stderr
    assert console(workspace, "keys").returncode == 2
    again = console(workspace, "keys", "--show", "--json")
    assert again.returncode == 0 and '"fx_zaa"' in again.stdout
