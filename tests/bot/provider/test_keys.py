"""What the provider says about a key, read leniently."""

from typing import Any

import pytest

from bot.provider.client import VeoClient
from bot.provider.keys import KeyStatus, KeyTrouble
from sandbox.provider import Provider

SPENT = {"limit": {"retention": "month", "threshold": 25}, "monthly_usage": 25}

CASES: dict[str, tuple[dict[str, Any], KeyTrouble | None]] = {
    "in order": ({"disabled": False, "scopes": ["model:chat", "model:video"], "limit": None}, None),
    "nothing said": ({}, None),
    "no bounds": ({"disabled": False, "scopes": None, "limit": None}, None),
    "no names of scopes": ({"scopes": []}, None),
    "scopes of another kind": ({"scopes": ["admin"]}, None),
    "disabled": ({"disabled": True}, KeyTrouble.DISABLED),
    "no videos": ({"scopes": ["model:chat", "model:image"]}, KeyTrouble.NO_VIDEO),
    "all is spent": (SPENT, KeyTrouble.LIMIT_REACHED),
    "more is spent": ({**SPENT, "monthly_usage": 30.5}, KeyTrouble.LIMIT_REACHED),
    "not all is spent": ({**SPENT, "monthly_usage": 24.99}, None),
    "a limit of a day, which a month's use says nothing of": (
        {"limit": {"retention": "day", "threshold": 5}, "monthly_usage": 25},
        None,
    ),
    "a limit of odd form": ({"limit": {"retention": 4, "threshold": "much"}, "monthly_usage": "x"}, None),
    "odd fields": ({"disabled": "maybe", "scopes": "model:chat", "prefix": 5}, None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_key_has_only_the_trouble_that_is_told(name: str) -> None:
    fields, trouble = CASES[name]
    assert KeyStatus.model_validate({"data": fields}).trouble is trouble
    assert KeyStatus.model_validate(fields).trouble is trouble, "an answer without data is not read"


@pytest.mark.parametrize(
    ("prefix", "is_ours"),
    [("b747e891", True), ("b747****", True), (None, True), ("c0ffee00", False)],
    ids=str,
)
def test_a_key_is_told_by_its_first_characters(prefix: str | None, is_ours: bool) -> None:
    assert KeyStatus.model_validate({"data": {"prefix": prefix}}).is_of("b747e891aaaa") is is_ours


async def test_the_bots_key_is_asked_about(veo: VeoClient, provider: Provider) -> None:
    provider.terms.scopes = ["model:chat"]
    key = await veo.fetch_key()
    assert (key.is_ours, key.trouble) == (True, KeyTrouble.NO_VIDEO)


async def test_a_model_is_in_the_list_until_it_is_taken_out(veo: VeoClient, provider: Provider) -> None:
    assert (await veo.fetch_listing("google/veo3")).is_listed
    provider.terms.sold_out.add("google/veo3")
    assert not (await veo.fetch_listing("google/veo3")).is_listed
