"""``semlens agents`` and ``semlens uninstall``."""
