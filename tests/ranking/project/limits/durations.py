"""Durations as people write them: 10s, 5m, 2h."""

UNITS = {"s": 1, "m": 60, "h": 3600}


def parse_duration(text):
    """Seconds of a duration such as ``5m``."""
    number, unit = text[:-1], text[-1]
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r} in duration")
    return int(number) * UNITS[unit]


def format_duration(seconds):
    """The shortest way to write a number of seconds."""
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
