"""Writes the status for the oversight committee into a file, and keeps it for the next one to be compared with. Not for what
is in it (oversight.py) nor how it looks (oversight_pages.py).
"""

from __future__ import annotations

from pathlib import Path

from oclc_console import clock
from oclc_console.errors import from_os_error
from oclc_console.files import make_folder, replace_file
from oclc_console.operations.oversight import Oversight, keep, oversight
from oclc_console.operations.oversight_pages import html_page, markdown_page
from oclc_console.workspace import Workspace

FORMS = {"html": html_page, "md": markdown_page}


def write_page(workspace: Workspace, value: Oversight, form: str = "html", to: Path | None = None) -> Path:
    """Writes a status as a page to `to`, else among the workspace's exports (one a day), and keeps it. Raises HereError when
    the disk refuses."""
    day = clock.parse(value.status.as_of).astimezone().date()
    target = to or workspace.at("exports") / f"status-{day:%Y%m%d}.{form}"
    try:
        make_folder(target.absolute().parent)
        replace_file(target, FORMS[form](value).encode())
    except OSError as error:
        raise from_os_error(error, "writing the status") from error
    keep(workspace, value)
    return target


def write_status(workspace: Workspace, form: str = "html") -> Path:
    """Asks for the status as it is now, and writes it as a page among the exports."""
    return write_page(workspace, oversight(workspace), form)
