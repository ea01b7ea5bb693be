"""Derives marc21.json, the definitions lint checks structure by, from published packages, so that no table is typed by hand:

    pip install --no-deps marctable==0.5.0 marc-lint==0.0.6
    python -m oclc_console.marc.lint.derive_marc21

The first source is marctable's Avram schema, a crawl of the Library of Congress' pages. The crawl has holes (0.5.0 lacks
760-787 altogether, and among others 041 $a, 022 $l and 810 $a), so a second, independent transcription of the same pages
(marc-lint, after MARC::Lint) is laid over it: what either knows is defined, and only what both know as not repeatable is
not repeatable. Indicators and code lists are the second's alone. Not imported at run time; what reads the file is marc21.py.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("marc21.json")
_CODE_LISTS = {
    "country": ("COUNTRY_CODES_STR", "OBSOLETE_COUNTRY_CODES_STR"),
    "language": ("LANGUAGE_CODES_STR", "OBSOLETE_LANGUAGE_CODES_STR"),
}
_LETTERS = {
    "leader/06": "LEADER_TYPE_OF_RECORD",
    "leader/07": "LEADER_BIBLIOGRAPHIC_LEVEL",
    "leader/17": "LEADER_ENCODING_LEVEL",
    "leader/18": "LEADER_DESCRIPTIVE_CATALOGING_FORM",
    "008/06": "TYPE_OF_DATE",
}


def derive() -> dict[str, Any]:
    """The whole content of marc21.json. Raises LookupError when a source package is not installed."""
    avram = json.loads((_folder("marctable") / "marc.json").read_text(encoding="utf-8"))
    lint = _folder("marc_lint")
    second = _parse_rules(_constants(lint / "field_rules.py")["RULES_DATA"])
    tags = sorted({*avram["fields"], *second} - {"LDR"})
    constants = _constants(lint / "code_data.py")
    return {
        "sources": [
            {"package": "marctable", "version": version("marctable"), "file": "marc.json", "title": avram["title"],
             "url": avram["url"], "used for": "fields, subfields, what may be repeated"},
            {"package": "marc-lint", "version": version("marc-lint"), "file": "field_rules.py, code_data.py",
             "title": "MARC::Lint's transcription of the same pages",
             "used for": "holes in the first source, indicators, code lists"},
        ],
        "fields": {tag: _field(avram["fields"].get(tag), second.get(tag)) for tag in tags},
        "codes": {
            **{name: " ".join(sorted({code for part in parts for code in constants[part].replace("\t", " ").split()}))
               for name, parts in _CODE_LISTS.items()},
            **{name: "".join(sorted(constants[part])) for name, part in _LETTERS.items()},
        },
    }


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"the package {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def _constants(path: Path) -> dict[str, Any]:
    """The names a module binds to literals, read without running it (its own imports are not needed)."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            name, value = node.target.id, node.value
        else:
            continue
        try:
            found[name] = ast.literal_eval(value)
        except ValueError:
            continue  # computed, not written out: none of ours
    return found


def _parse_rules(text: str) -> dict[str, dict[str, str]]:
    """Blocks of `245 NR TITLE`, then lines of `ind1 01 ...` and `a NR Title`: by tag, what stands behind each first word
    (the tag's own R or NR under "")."""
    rules = {}
    for block in text.strip().split("\n\n"):
        lines = [line.split(None, 2) for line in block.splitlines() if line.strip()]
        if len(lines) > 1 and len(lines[0]) > 1:
            own = {words[0]: words[1] for words in lines[1:] if len(words) > 1 and (len(words[0]) == 1 or "ind" in words[0])}
            rules[lines[0][0]] = {"": lines[0][1], **own}
    return rules


def _field(first: Mapping[str, Any] | None, second: Mapping[str, str] | None) -> list[Any]:
    """[repeatable, codes that may be repeated, codes that may not, indicator 1, indicator 2]; an indicator is the characters
    it may have (`-` spans a range, `b` first is a blank), empty where no source says."""
    may: dict[str, bool] = {}
    for code, subfield in ((first or {}).get("subfields") or {}).items():
        may[code] = bool(subfield["repeatable"])
    for code, word in (second or {}).items():
        if len(code) == 1:
            may[code] = may.get(code, False) or word == "R"
    repeatable = bool((first or {}).get("repeatable")) or (second or {}).get("") == "R"
    said = ((second or {}).get(name, "").replace("blank", "b") for name in ("ind1", "ind2"))
    indicators = [value if re.fullmatch("b?[0-9-]*", value) else "" for value in said]
    split = ["".join(sorted(code for code in may if may[code] is wanted)) for wanted in (True, False)]
    return [repeatable, *split, *indicators]


def written(content: Mapping[str, Any]) -> str:
    """The file's text: one line a field, so that a new version of a source shows as a readable difference."""
    lines = [f'  "{tag}": {json.dumps(field)}' for tag, field in content["fields"].items()]
    parts = [f'"{name}": {json.dumps(content[name], indent=1)}' for name in ("sources", "codes")]
    return "{\n" + ",\n".join([parts[0], '"fields": {\n' + ",\n".join(lines) + "\n}", parts[1]]) + "\n}\n"


def main() -> int:
    """Writes marc21.json anew. Returns the exit code."""
    try:
        content = derive()
    except LookupError as missing:
        print(f"{missing.args[0]}; see the head of this module", file=sys.stderr)
        return 2
    TARGET.write_text(written(content), encoding="utf-8")
    print(f"{TARGET.name}: {len(content['fields'])} fields from "
          + " and ".join(f"{source['package']} {source['version']}" for source in content["sources"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
