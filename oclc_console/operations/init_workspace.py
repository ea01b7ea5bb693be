"""init: a starter workspace with a commented console.toml that is valid as it stands and sends nothing to OCLC until a
person has said so. Not for the demo's workspace (rehearsal/demo.py)."""

from __future__ import annotations

import re
from pathlib import Path

from oclc_console.workspace import Workspace, as_toml, login, make_workspace

STARTER = '''# console.toml: everything the console knows about your library. The console reads it and never rewrites it.
# No password or passphrase belongs here. After a change run: oclc-console check

[institution]
name = {name}
suffix = ""                            # the last digits of every Alma id of yours, for example "9999"

[exchange]
host = "rehearsal"                     # practise first; then your data centre: us, europe, australia or canada, or its
                                       # host (filex-m1.oclc.org ...). The account belongs to one of them.
account = "fx_{{symbol}}"
auth = "key"                           # key | agent | keyring (the system's keyring has the passphrase or password)
key = "~/.ssh/oclc_console"            # the private key whose .pub stands in OCLC's .ssh/authorized_keys: oclc-console keys
connections = 1                        # how many files go out at once, 8 at most; the order within a collection is kept
# channels = 2                         # far away, large files: each through so many channels of its connection, 4 at most;
                                       # nothing that OCLC documents: try it first with oclc-console check --send
# lhr_folder = "/xfer/metacoll/in/lhr" # where files of kind "lhr" go; all others go to upload_folder (.../in/bib)
# on_behalf = true                     # one account that uploads for several symbols (xfer/SYMBOL/metacoll/in)
late_first_days = 56                   # while OCLC has never reported on a collection, a report is late after so long;
late_after_hours = 24                  # once it has, after so long

[people.{key}]
name = {login}
roles = ["coordinator", "lts"]

# [reports.outcomes]                   # a word of OCLC's that the console doesn't know -> the outcome it means
# "holding set" = "match"              # see also [reports.types] and [reports.columns] in the README

[rules]                                # named conditions, used below as @name; @brief (Alma's brief levels) is built in
no_worldcat = {{ any = ["914$a = NO-WORLDCAT"] }}

[symbols.ZZZ]                          # your OCLC symbol
name = "Main library"
disposition = "retained"               # retained | target | retiring (then: successor = "...", and no streams)
libraries = []                         # Alma library codes (852 $b)
lsn = ["852$8", "001"]                 # where the local number stands: the first place that has one
ocn = ["079$a", "035$a"]               # where the OCLC number stands
exclude = ["@no_worldcat"]             # a record that fulfils one of these is not sent
records_per_file = 100000

[[symbols.ZZZ.streams]]                # one stream = one Data Sync collection at OCLC
name = "All records"
word = "all"                           # stands in the names of its files
collection = "1000001"                 # the seven digits OCLC gave it
kind = "bib"                           # bib | lhr | delete
match = "all"                          # all | trusted ocn
delivery = "console"                   # console | alma (Alma uploads, we only account)
keep = {{}}                              # empty: every record; else for example {{ all = ["079$a"], none = ["843"] }}
'''


def init_workspace(root: Path, name: str = "Example University Library") -> Workspace:
    """Makes a workspace in `root`. Raises CallError when there is one already."""
    return make_workspace(root, STARTER.format(name=as_toml(name), key=person_key(login()), login=as_toml(login())))


def person_key(person: str) -> str:
    """A login as a key of [people]: bare where TOML allows it, else in quotes (`"jdoe@example.edu"`)."""
    return person if re.fullmatch(r"[A-Za-z0-9_-]+", person) else as_toml(person)
