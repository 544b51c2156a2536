from limits.durations import format_duration, parse_duration


def test_parse_duration_reads_minutes():
    assert parse_duration("5m") == 300


def test_format_duration_is_short():
    assert format_duration(7200) == "2h"
