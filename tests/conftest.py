"""What all tests share: property tests have no deadline, since the machine may be loaded."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("semlens", deadline=None)
settings.load_profile("semlens")
