"""How long the tests with wild input run: a short form every day, OCLC_CONSOLE_FUZZ=20000 for a night."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

WILD = settings(max_examples=int(os.environ.get("OCLC_CONSOLE_FUZZ", "60")), deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
