"""Answers to a create call whose body can't be read: their headers may name the task all the same."""

import pytest

from bot.clock import utc_now
from bot.provider.client import VeoClient
from bot.provider.errors import UnavailableError
from bot.provider.models import INFERENCE_HEADER, inference_id_in
from bot.provider.words import WordFilter
from sandbox.odd_answers import CutOff, Reshaped
from sandbox.provider import Fault, Provider
from tests.bot.provider.test_client import wish

NAMED = pytest.mark.parametrize(
    "fault", [CutOff(breaks=False), CutOff(breaks=True)], ids=["half an answer", "a broken connection"]
)


@NAMED
async def test_the_headers_name_the_task(veo: VeoClient, provider: Provider, fault: Fault) -> None:
    provider.faults.add("create", fault)
    task = await veo.create(wish(), "ours")
    found = await veo.find("ours", utc_now())
    assert found is not None, "the provider was not asked for a video"
    assert found.inference_id == task.id


@NAMED
async def test_other_calls_are_not_answered_by_headers(
    veo: VeoClient, provider: Provider, fault: Fault
) -> None:
    task = await veo.create(wish(), "ours")
    provider.faults.add("retrieve", fault)
    with pytest.raises(UnavailableError):
        await veo.retrieve(task.id)


async def test_what_can_be_read_and_is_no_task_is_not_one_by_its_headers(
    veo: VeoClient, provider: Provider
) -> None:
    provider.faults.add("create", Reshaped(lambda _: {"message": "What now?"}))
    with pytest.raises(UnavailableError):
        await veo.create(wish(), "ours")


@pytest.mark.parametrize("name", [None, "", "two words", "x" * 129, "an-id-with-my-secret-key-in-it"])
def test_a_name_that_cannot_be_kept_is_none(name: str | None) -> None:
    headers = {} if name is None else {INFERENCE_HEADER: name}
    assert inference_id_in(headers, WordFilter("my-secret-key")) is None
