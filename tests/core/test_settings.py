"""console.toml: what the design shows loads, and every mistake is told with its line, its key and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.errors import SettingsError
from oclc_console.settings import Settings
from oclc_console.settings_file import load_settings
from tests.core.samples import SETTINGS

FROM_THE_DESIGN = """\
[institution]
name = "Example University Library"
suffix = "9999"                        # the last digits of every Alma id here
[exchange]
host = "filex-m1.oclc.org"             # or "rehearsal"
account = "fx_{symbol}"                # can be overridden per symbol
auth = "key"
[people.jdoe]
name = "J. Doe"
roles = ["coordinator"]
[rules]                                # named conditions, used as @name, also inside each other
standard = { any = ["040$e = amim|appm|dacs|dcrmg|dcrmm|dcrmmss"] }
thesis   = { any = ["502"] }
archival = { any = ["LDR/08 = a", "LDR/06 = t|d|f", "@standard"] }
no_worldcat = { any = ["914$a = NO-WORLDCAT"] }
[symbols.ZUL]
name = "University-wide"
disposition = "target"                 # retained | target | retiring (successor = "...")
libraries = ["NET", "ARC", "SCH"]
lsn = ["852$8", "001"]                 # the first that is there
ocn = ["079$a", "035$a"]
exclude = ["@no_worldcat", "@brief"]   # @brief: Alma's brief levels, a documented built-in
[[symbols.ZUL.streams]]
name = "Manuscripts"
collection = "1000081"
kind = "bib"                           # bib | lhr | delete
match = "all"                          # all | trusted ocn
delivery = "console"                   # or "alma": Alma uploads, we only account
keep = { all = ["@archival"], none = ["843", "502"] }
"""


def load(folder: Path, text: str) -> Settings:
    path = folder / "console.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def mistake(folder: Path, text: str) -> SettingsError:
    with pytest.raises(SettingsError) as raised:
        load(folder, text)
    return raised.value


def test_the_example_of_the_design_loads_and_says_what_it_says(tmp_path: Path) -> None:
    settings = load(tmp_path, FROM_THE_DESIGN)
    symbol = settings.symbol("zul")
    assert (symbol.code, symbol.disposition, symbol.libraries) == ("ZUL", "target", ("NET", "ARC", "SCH"))
    assert symbol.lsn == ("852$8", "001") and symbol.exclude == ("@no_worldcat", "@brief")
    stream = symbol.streams[0]
    assert (stream.word, stream.collection, stream.kind, stream.match, stream.delivery) == (
        "manuscripts", "1000081", "bib", "all", "console")
    assert stream.keep.all == ("@archival",) and stream.keep.none == ("843", "502")
    assert settings.people["jdoe"].roles == ("coordinator",) and not settings.exchange.is_rehearsal
    assert settings.account_of(symbol) == "fx_zul"


def test_a_file_with_an_institution_alone_is_a_workspace_without_symbols(tmp_path: Path) -> None:
    settings = load(tmp_path, '[institution]\nname = "Example"\n')
    assert settings.symbols == {} and settings.exchange.is_rehearsal


def test_a_retiring_symbols_files_go_out_under_its_successors_account(tmp_path: Path) -> None:
    settings = load(tmp_path, SETTINGS)
    assert settings.sender(settings.symbol("ZLW")).code == "ZUL"
    assert settings.account_of(settings.symbol("ZLW")) == "fx_zul"


@pytest.mark.parametrize(("symbol", "account"), [("Z$L", "fx_z_36l"), ("Z#L", "fx_z_35l"), ("@ZL", "fx__64zl")])
def test_symbols_with_dollar_hash_and_at_are_taken_and_escaped_in_the_account(
    tmp_path: Path, symbol: str, account: str
) -> None:
    settings = load(tmp_path, f'[institution]\nname = "x"\n[symbols."{symbol}"]\nname = "y"\n')
    assert settings.account_of(settings.symbol(symbol.lower())) == account


def test_an_account_of_its_own_wins_over_the_pattern(tmp_path: Path) -> None:
    settings = load(tmp_path, SETTINGS.replace('[symbols.ZMD]\n', '[symbols.ZMD]\naccount = "FX_OTHER"\n'))
    assert settings.account_of(settings.symbol("ZMD")) == "fx_other"


def test_asking_for_a_symbol_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the symbol XXX is not in it.*ZUL, ZMD, ZLW"):
        load(tmp_path, SETTINGS).symbol("XXX")


def test_a_folder_without_console_toml_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="oclc-console init"):
        load_settings(tmp_path / "console.toml")


def test_a_file_that_is_not_utf_8_says_which_byte_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_bytes(b'[institution]\nname = "M\xfcnchen"\n')
    with pytest.raises(SettingsError, match=r"byte 23 is not UTF-8.*Save the file as UTF-8"):
        load_settings(tmp_path / "console.toml")


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in str(mistake(tmp_path, "[institution]\nname = Example University\n"))


# what is changed in the sample -> the line, the key and the words that must come back
MISTAKES = {
    "a typo in a key suggests the near one":
        ('disposition = "target"', 'dispositon = "target"', 11, "symbols.ZUL.dispositon", "did you mean 'disposition'?"),
    "a key nothing is near to lists the possible ones":
        ('suffix = "9999"', 'colour = "red"', 3, "institution.colour", "possible here: name, suffix"),
    "a typo in a table's name":
        ("[institution]", "[institutoin]", 1, "institutoin", "did you mean 'institution'?"),
    "a value that is not one of those possible names them":
        ('disposition = "target"', 'disposition = "kept"', 11, "symbols.ZUL.disposition", "'retained', 'target' or 'retiring'"),
    "a collection id that hasn't seven digits":
        ('"1000081"', '"81"', 17, "symbols.ZUL.streams[1].collection", "seven digits"),
    "a collection id that is a number and not text":
        ('"1000081"', "1000081", 17, "symbols.ZUL.streams[1].collection", "text in quotes"),
    "a text where a list belongs":
        ('["NET", "ARC"]', '"NET"', 12, "symbols.ZUL.libraries", "this should be a list"),
    "a symbol that can't be one":
        ("[symbols.ZMD]", '[symbols."Z MD!"]', 20, "symbols.Z MD!", "two to eight letters, digits or @ $ #"),
    "two symbols that differ in case only":
        ("[symbols.ZMD]", "[symbols.zul]\nname = 'x'\n[symbols.ZMD]", 20, "symbols.zul", "differ in case only"),
    "a retiring symbol without a successor":
        ('successor = "ZUL"\n', "", 27, "symbols.ZLW.successor", "needs a successor"),
    "a successor that is not in the file":
        ('successor = "ZUL"', 'successor = "ZZZ"', 29, "symbols.ZLW.successor", "not 'ZZZ'"),
    "a successor of a symbol that stays":
        ('disposition = "retained"', 'disposition = "retained"\nsuccessor = "ZUL"',
         22, "symbols.ZMD.successor", "only a symbol"),
    "a collection under two symbols":
        ('"1000031"', '"1000081"', 25, "symbols.ZMD.streams[1].collection", "belongs to ZUL already"),
    "two streams with the same word":
        ('collection = "1000031"', 'collection = "1000031"\n[[symbols.ZMD.streams]]\nname = "all"\ncollection = "1000032"',
         26, "symbols.ZMD.streams[2]", "share the word 'all'"),
    "a rule that leads back to itself":
        ('"040$e = amim|appm"', '"@archival"', 6, "rules.standard", "@archival -> @standard -> @archival"),
    "a rule nobody wrote":
        ('["@brief"]', '["@breif"]', 13, "symbols.ZUL.exclude", "@breif is not a rule; there are @archival, @brief, @standard"),
    "a condition that is none":
        ('"LDR/08 = a"', '"LDR = a"', 7, "rules.archival", "the leader has positions only"),
    "a stream's rule that can't be understood":
        ('all = ["@archival"]', 'all = ["24"]', 18, "symbols.ZUL.streams[1].keep", "'24' is no condition"),
    "a place for the local number that is none":
        ('libraries = ["NET", "ARC"]', 'lsn = ["852"]', 12, "symbols.ZUL.lsn", "'852' is no place"),
    "an empty list of places":
        ('libraries = ["NET", "ARC"]', "lsn = []", 12, "symbols.ZUL.lsn", "at least 1"),
    "a number out of range":
        ("[rules]", "[exchange]\nport = 99999\n[rules]", 6, "exchange.port", "less than or equal to 65535"),
    "a folder at OCLC that leads elsewhere":
        ("[rules]", '[exchange]\nrecord_folders = ["/xfer/../etc"]\n[rules]', 6, "exchange.record_folders[1]",
         "a folder at OCLC begins with a /"),
    "two folders of records that would become one":
        ("[rules]", '[exchange]\nrecord_folders = ["/a/new", "/b/NEW"]\n[rules]', 6, "exchange.record_folders",
         "two of these folders end alike"),
    "a password has no place here":
        ("[rules]", '[exchange]\npassword = "x"\n[rules]', 6, "exchange.password", "this key is not known"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_file_line_key_and_remedy(tmp_path: Path, what: str) -> None:
    old, new, line, key, words = MISTAKES[what]
    assert old in SETTINGS
    error = mistake(tmp_path, SETTINGS.replace(old, new, 1))
    assert str(tmp_path / "console.toml") in error.where
    assert error.where.endswith(f"line {line}, key {key}")
    assert words in error.what and error.then


def test_several_mistakes_are_told_at_once_three_at_most(tmp_path: Path) -> None:
    error = mistake(tmp_path, '[institution]\na = 1\nb = 2\nc = 3\nd = 4\n')
    assert error.what.count("is not known") == 3 and "(and 2 more)" in error.what


def test_a_retiring_symbol_can_have_no_streams_of_its_own(tmp_path: Path) -> None:
    text = SETTINGS + '[[symbols.ZLW.streams]]\nname = "x"\ncollection = "1000077"\n'
    assert "can have none of its own" in mistake(tmp_path, text).what


def test_a_successor_that_is_retiring_too_is_refused(tmp_path: Path) -> None:
    text = SETTINGS + '[symbols.ZLX]\ndisposition = "retiring"\nsuccessor = "ZLW"\n'
    assert "its successor ZLW is retiring too" in mistake(tmp_path, text).what


def test_a_login_with_a_dot_is_found_in_the_file_again(tmp_path: Path) -> None:
    error = mistake(tmp_path, SETTINGS + '[people."j.doe"]\nname = "J."\nrole = ["x"]\n')
    assert "line 32, key people.j.doe.role" in error.where and "did you mean 'roles'?" in error.what


LINT = "\n[symbols.ZUL.lint]\n"


def test_lint_rules_are_switched_off_or_made_blocking_for_a_symbol(tmp_path: Path) -> None:
    settings = load(tmp_path, SETTINGS + LINT + 'off = ["source-unfamiliar"]\nblocking = ["sparse", "never-send"]\n')
    symbol = settings.symbol("ZUL")
    assert symbol.lint_off == {"source-unfamiliar"} and symbol.lint_blocking == {"sparse", "never-send"}
    assert settings.symbol("ZMD").lint_off == settings.symbol("ZMD").lint_blocking == frozenset()


def test_a_misspelt_lint_rule_is_told_with_the_nearest_there_is(tmp_path: Path) -> None:
    error = mistake(tmp_path, SETTINGS + LINT + 'off = ["ocn-mising"]\n')
    assert "'ocn-mising' is no lint rule; did you mean 'ocn-missing'?" in str(error)
    assert "symbols.ZUL.lint.off" in error.where
    assert "lint --rules" in str(mistake(tmp_path, SETTINGS + LINT + 'blocking = ["x"]\n'))


def test_a_lint_rule_cannot_be_off_and_block(tmp_path: Path) -> None:
    assert "can't be off and block" in str(mistake(tmp_path, SETTINGS + LINT + 'off = ["sparse"]\nblocking = ["sparse"]\n'))
