"""A workspace of its own for every test here."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console.workspace import Workspace, make_workspace
from tests.reports.made_up import SETTINGS

REAL = Path(__file__).parents[3] / "shared" / "data" / "reports"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return make_workspace(tmp_path / "workspace", SETTINGS)


@pytest.fixture
def real() -> Path:
    """The folder of real reports, where it is at hand."""
    if not REAL.is_dir():
        pytest.skip("the real reports are not on this machine")
    return REAL
