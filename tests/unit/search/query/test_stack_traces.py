from __future__ import annotations

import pytest

from semlens.search.query.stack_traces import find_frames

PYTHON = """Traceback (most recent call last):
  File "/app/main.py", line 10, in main
    run()
  File "/app/net/retry.py", line 42, in fetch
    raise ValueError
ValueError
"""


@pytest.mark.parametrize(
    ("text", "innermost"),
    [
        (PYTHON, ("/app/net/retry.py", 41, "fetch")),
        (
            "Error: x\n    at load (/app/src/load.js:7:3)\n    at main (/app/src/main.js:1:1)",
            ("/app/src/load.js", 6, "load"),
        ),
        ("    at async run (file:///app/run.mjs:3:9)", ("/app/run.mjs", 2, "run")),
        (
            "\tat com.acme.net.Client.send(Client.java:31)\n\tat com.acme.Main.main(Main.java:5)",
            ("com/acme/net/Client.java", 30, "send"),
        ),
        ("   at Acme.Net.Client.Send(String url) in C:\\src\\Client.cs:line 12", ("C:/src/Client.cs", 11, "Send")),
        ("lib/a.rb:9:in `call'\nlib/b.rb:2:in `run'", ("lib/a.rb", 8, "call")),
        ("PHP Fatal error: boom in /srv/app/Kernel.php on line 88", ("/srv/app/Kernel.php", 87, "")),
        ("panic\n\t/go/src/app/conn.go:55 +0x1d", ("/go/src/app/conn.go", 54, "")),
        ("error[E0308]: mismatched types\n --> src/main.rs:4:9", ("src/main.rs", 3, "")),
    ],
)
def test_the_innermost_frame_ranks_first(text, innermost):
    frame = find_frames(text)[0]
    assert (frame.path, frame.line, frame.name) == innermost


def test_all_frames_are_found_in_order():
    assert [frame.name for frame in find_frames(PYTHON)] == ["fetch", "main"]


@pytest.mark.parametrize("text", ["how are retries delayed", "a: 1", "12:30:45", "std::vec:3"])
def test_prose_has_no_frames(text):
    assert find_frames(text) == ()


@pytest.mark.parametrize("text", ["at " * 100_000, "at a() in " * 30_000])
def test_long_text_that_only_begins_as_frames_ends(text):
    assert find_frames(text) == ()
