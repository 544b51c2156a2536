"""``semlens team join`` and ``status``: a server that is none is told as that."""

from __future__ import annotations

import argparse

import pytest

from semlens.cli.commands.team import membership
from semlens.team.client import TeamClient
from semlens.team.credentials import TeamError, read_token

URL = "https://code.example.org"


@pytest.mark.parametrize("answer", [{}, {"roots": None}, {"roots": 5}, {"roots": {"repository": "x"}}])
def test_a_server_that_names_no_repositories_is_not_joined(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(TeamClient, "call", lambda _self, _method, _params: answer)
    monkeypatch.setattr(membership, "config_folder", lambda: tmp_path)
    monkeypatch.setattr(membership, "_asked_token", lambda _url: "semlens_abc")
    with pytest.raises(TeamError, match="does not say what may be read"):
        membership.run_join(argparse.Namespace(url=URL, json=False))
    with pytest.raises(TeamError, match="no token"):
        read_token(tmp_path, URL)
