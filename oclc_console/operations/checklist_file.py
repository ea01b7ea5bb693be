"""Which template the checklist follows: the workspace's own checklist.toml, else the one that ships with the console. A
mistake in the own file keeps it as it last was right. Not for reading a template (project/template.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oclc_console.errors import CallError, SettingsError, from_os_error
from oclc_console.files import replace_file
from oclc_console.project.tasks import Template
from oclc_console.project.template import FILE, PACKAGED, packaged, read_template
from oclc_console.workspace import Workspace

_LAST_GOOD = ".checklist.last.toml"  # a copy of the own file as it last was right


@dataclass(frozen=True)
class Followed:
    """The template that is followed. `problem` is the mistake in the own file, when another one is followed for it, and
    `stands_in` whether that is only the console's own (then nothing is signed by it)."""

    template: Template
    problem: str = ""
    stands_in: bool = False


def followed(workspace: Workspace) -> Followed:
    """The template of this workspace, whatever is wrong with its file."""
    own = workspace.root / FILE
    try:
        text = _text(own)
        if text is None:
            return Followed(packaged())
        template = read_template(text, str(own))
    except SettingsError as error:
        return _as_it_last_was(workspace, str(error))
    _keep(workspace.root / _LAST_GOOD, text)
    return Followed(template)


def required(workspace: Workspace) -> Template:
    """The template to act by. Raises SettingsError when the own file has a mistake and was never right."""
    found = followed(workspace)
    if found.stands_in:
        raise SettingsError(found.problem, then="Nothing was written.")
    return found.template


def write_template(workspace: Workspace) -> Path:
    """Writes the console's template out for the library to edit. Raises CallError when there is one already."""
    own = workspace.root / FILE
    if own.exists():
        raise CallError("there is one already", where=str(own), then="Edit that one, or move it away first; it is never "
                                                                     "written over.")
    replace_file(own, PACKAGED.read_bytes())
    return own


def _as_it_last_was(workspace: Workspace, mistake: str) -> Followed:
    kept = workspace.root / _LAST_GOOD
    try:
        text = _text(kept)
        if text is not None:
            return Followed(read_template(text, str(kept)), f"{mistake} Until then the checklist is as it last was right.")
    except SettingsError:
        pass  # a copy by another version of the console: the one that ships with this one has to do
    return Followed(packaged(), f"{mistake} Until then the console's own checklist is shown.", stands_in=True)


def _text(path: Path) -> str | None:
    """What stands in a file; None where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SettingsError(f"byte {error.start} is not UTF-8", where=str(path), then="Save the file as UTF-8.") from None
    except OSError as error:
        problem = from_os_error(error, "reading the checklist's template")
        raise SettingsError(problem.what, where=str(path), then=problem.then) from error


def _keep(path: Path, text: str) -> None:
    try:
        if _text(path) != text:
            replace_file(path, text.encode())
    except (OSError, SettingsError):
        return  # a full disk must not keep anybody from reading; the next reader keeps the copy
