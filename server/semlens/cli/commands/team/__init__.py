"""``semlens team`` and ``semlens cluster``."""
