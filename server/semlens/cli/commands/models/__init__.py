"""``semlens models``."""
