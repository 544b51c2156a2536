"""Settings of all tests. Property tests have no deadline, because the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("semlens", deadline=None)
settings.load_profile("semlens")
