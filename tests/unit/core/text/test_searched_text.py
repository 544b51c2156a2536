"""Rules are tried at few places of a text. What they find there is what they find everywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semlens.core.text import token_forms
from semlens.core.text.literal_search import beginnings, matches_at, places_of
from semlens.core.text.searched_text import SearchedText
from semlens.core.text.secret_forms import BASIC_AUTH_RULES, NAMED_PLACE_RULES, PLACE_RULES, PlaceRule
from semlens.core.text.secret_names import SECRET_NAME_PART

RULES = (*PLACE_RULES, *NAMED_PLACE_RULES, *BASIC_AUTH_RULES)
LIMITED = [rule for rule in RULES if rule.begins or rule.in_line or rule.part]
few_examples = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def spans(matches):
    return [match.span() for match in matches]


def test_places_of_words():
    assert places_of(("aa", "b"), "aaab") == [0, 1, 3]
    assert spans(beginnings(("ab", "abc", "bc", "x")).finditer("abcx.a")) == [(0, 1), (1, 2), (3, 4)]
    assert spans(matches_at(re.compile("a+b"), "aab ab", [0, 1, 4])) == [(0, 3), (4, 6)]


@pytest.mark.parametrize("rule", LIMITED, ids=lambda rule: rule.expression[:40])
@few_examples
@given(data=st.data())
def test_a_rule_finds_at_its_places_what_it_finds_anywhere(rule: PlaceRule, data: st.DataObject) -> None:
    one = st.from_regex(rule.pattern)
    text = data.draw(st.lists(one, min_size=1, max_size=2).map("\n".join))
    assert spans(rule.pattern.finditer(text)), "the text has a match"
    assert spans(SearchedText(text).matches(rule)) == spans(rule.pattern.finditer(text))


@pytest.mark.parametrize("letter", ["\u0130", "\u0131", "\u017f", "\u212a"])
def test_letters_that_count_as_others_without_regard_to_case(letter):
    (rule,) = (rule for rule in NAMED_PLACE_RULES if "setq" in rule.keywords)
    text = f'(setq secret{letter} "a")\n(setq private_key "correcthorse")'.replace("k", letter).replace("s", letter)
    assert spans(SearchedText(text).matches(rule)) == spans(rule.pattern.finditer(text))


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(parts=st.lists(st.from_regex(SECRET_NAME_PART) | st.sampled_from(["\n", "_", "x", " "]), max_size=6))
def test_names_are_found_everywhere(parts: list[str]) -> None:
    text = SearchedText("".join(parts))
    names = list(SECRET_NAME_PART.finditer(text.lower))
    assert spans(text.names) == spans(names)
    if not text._has_odd_letters:
        lines = {(text.text.rfind("\n", 0, name.start()) + 1, text.text.find("\n", name.end())) for name in names}
        assert text.lines_with_names == sorted((start, len(text.text) if end < 0 else end) for start, end in lines)


@pytest.mark.parametrize("form", [*token_forms._FORMS, *(form for _, form in token_forms._FORMS_OF_ANY_BEGINNING)])
@settings(max_examples=5, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_form_of_a_token_is_found(form: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(rf"\A{form}\Z", alphabet=st.characters(codec="ascii")))
    match = token_forms.token_form(text).match(text)
    assert match is not None
    assert re.match(r"\w(?![{*+?])", form) or form not in token_forms._FORMS, "one letter begins it"
