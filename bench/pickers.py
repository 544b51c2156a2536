"""What a person types in a list that searches as they type, until the answer is on it: see `usability`.

Both lists show 20 rows. A person opens the list by two keys, types, and stops when a row shows an answer. The rows of
the last list up to that one are read. semlens searches for the beginning of the question, a live grep for the beginning
of a pattern; the next pattern takes one key more, which clears the line, and costs the 20 rows that were read in vain.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.engine.engine import Engine
from semlens.settings.schema import ModelsSettings, Settings

ROWS, OPENING_KEYS, FEWEST_LETTERS = 20, 2, 3

List = Callable[[str], list[str]]
"""The rows for what was typed so far."""


def typed(texts: Sequence[str], rows_of: List, shows: re.Pattern[str]) -> tuple[int, list[str], bool]:
    """:returns: the keys, the rows that were read, and whether the answer was seen."""
    keys, read = OPENING_KEYS, list[str]()
    for number, text in enumerate(texts):
        keys += number > 0
        rows: list[str] = []
        for length in range(1, len(text) + 1):
            keys += 1
            if length < min(FEWEST_LETTERS, len(text)):
                continue
            rows = rows_of(text[:length])
            for rank, row in enumerate(rows, 1):
                if shows.search(row):
                    return keys, [*read, *rows[:rank]], True
        read += rows
    return keys, read, False


@contextmanager
def semlens_list(folder: Path) -> Iterator[List]:
    """The list of an editor, with the first model, as after the first index."""
    with tempfile.TemporaryDirectory() as cache:
        engine = Engine(Settings(models=ModelsSettings(refine="none")), cache_folder=Path(cache), one_shot=True)
        engine.start()
        try:
            engine.add_root(folder)
            if not engine.wait_complete(refined=False, timeout=600):
                raise RuntimeError("The folder was not indexed in ten minutes.")

            def rows_of(text: str) -> list[str]:
                hits = engine.search(SearchRequest(text, limit=ROWS), CancelToken()).hits
                return [f"{hit.path}:{hit.name_span.start_line + 1}: {hit.name}  {hit.signature}" for hit in hits]

            yield rows_of
        finally:
            engine.close()


def live_grep(folder: Path) -> List:
    """As pickers call ripgrep, in the order of paths. An incomplete expression finds nothing."""

    def rows_of(text: str) -> list[str]:
        command = ["rg", "-n", "-i", "--sort", "path", "--", text]
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
        ) as process:
            assert process.stdout is not None
            rows = [row.rstrip("\n") for row in islice(process.stdout, ROWS)]
            process.kill()
        return rows

    return rows_of
