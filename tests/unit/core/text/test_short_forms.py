"""Words of questions meet the short forms that code writes for them."""

from __future__ import annotations

import pytest

from semlens.core.text.identifiers import stem
from semlens.core.text.short_forms import FORMS, other_forms


@pytest.mark.parametrize(
    ("word", "form", "meet"),
    [
        ("configuration", "config", True),
        ("configuration", "cfg", True),
        ("configured", "config", True),
        ("utilities", "utils", True),
        ("arguments", "args", True),
        ("db", "database", True),
        ("cfg", "conf", True),
        ("authentication", "auth", True),
        ("authentication", "authorization", False),
        ("cat", "category", False),
    ],
)
def test_which_words_meet(word, form, meet):
    assert (stem(form) in other_forms(stem(word))) is meet
    assert (stem(word) in other_forms(stem(form))) is meet


def test_no_word_is_another_form_of_itself():
    assert not [word for word, forms in FORMS.items() if word in forms or len(set(forms)) < len(forms)]
