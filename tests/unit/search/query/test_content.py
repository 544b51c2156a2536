"""Which files a search looks at: code, documentation, configuration."""

from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.core.request import ContentFilter, SearchFilter
from semlens.search.query.content import content_mask, content_of, wanted_content
from semlens.search.query.query import parse_query
from semlens.syntax.languages.registry import language_of


@pytest.mark.parametrize(
    ("path", "language", "content"),
    [
        ("a.py", "python", "code"),
        ("a.css", "css", "code"),
        ("README.md", "markdown", "docs"),
        ("NOTES.TXT", "text", "docs"),
        ("guide.rst", "rst", "docs"),
        ("paper.tex", "latex", "docs"),
        ("notes.org", "org", "docs"),
        ("setup.ini", "ini", "config"),
        ("a.csproj", "xml", "config"),
        ("a.properties", "properties", "config"),
        ("a.yaml", "yaml", "config"),
        ("Makefile", "make", "config"),
        ("setup.cfg", "ini", "config"),
        ("script", "", "code"),
    ],
)
def test_language_and_suffix_say_what_a_file_is(path, language, content):
    assert language_of(path) in {language, None}
    assert content_of(path, language) == content


@pytest.mark.parametrize(
    ("query", "search_filter", "content"),
    [
        ("retry", {}, "code"),
        ("retry", {"content": ContentFilter.DOCS}, "docs"),
        ("README.md", {}, "all"),
        ("net/retry.py", {}, "code"),
        ("retry lang:yaml", {}, "all"),
        ("retry path:*.toml", {}, "all"),
        ("retry", {"languages": frozenset({"markdown"})}, "all"),
        ("retry", {"paths": ("src/**",)}, "code"),
        ("README.md", {"content": ContentFilter.CODE}, "code"),
    ],
)
def test_code_is_searched_unless_the_asker_names_something_else(query, search_filter, content):
    asked = SearchFilter(**{"content": None, **search_filter})
    assert wanted_content(asked, parse_query(query)) == content


def test_the_mask_has_the_passages_of_the_content():
    view = view_of({"a.py": "x = 1\n", "b.md": "# B\n\nText.\n", "c.toml": "[c]\nd = 1\n"})
    paths = [view.segment.files.paths[row] for row in view.segment.passages.files.tolist()]
    for content, suffix in ((ContentFilter.CODE, ".py"), (ContentFilter.DOCS, ".md"), (ContentFilter.CONFIG, ".toml")):
        mask = content_mask(view.segment, content)
        assert mask is not None
        assert [path for path, fits in zip(paths, mask, strict=True) if fits] == [
            path for path in paths if path.endswith(suffix)
        ]
    assert content_mask(view.segment, ContentFilter.ALL) is None
    assert content_mask(view_of({"a.py": "x = 1\n"}).segment, ContentFilter.CODE) is None
