"""For every test: hypothesis judges what is true, never how long it takes (a busy machine must not fail a test)."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("console", deadline=None)
settings.load_profile("console")
