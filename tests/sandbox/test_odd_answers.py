"""Odd answers are odd in one place, and right in all others."""

from sandbox.odd_answers import DONE_SHAPES, Mistaken, Refusal, Repeated, Spoilt, once_done
from sandbox.provider import Provider
from tests.sandbox.driver import Client, Clock


async def test_an_id_can_be_given_twice_while_both_orders_are_accepted(
    client: Client, provider: Provider
) -> None:
    first = (await client.create(name="one")).json["id"]
    provider.faults.add("create", Repeated())
    assert (await client.create(name="two")).json["id"] == first
    assert provider.count_accepted("two") == 1


async def test_a_question_can_be_answered_about_another_video(client: Client, provider: Provider) -> None:
    first, second = [(await client.create()).json["id"] for _ in range(2)]
    provider.faults.add("retrieve", Mistaken())
    assert [(await client.retrieve(second)).json["id"] for _ in range(2)] == [first, second]


async def test_a_shape_waits_for_the_video(client: Client, provider: Provider, clock: Clock) -> None:
    provider.faults.add("retrieve", once_done(DONE_SHAPES["succeeded"]), times=2)
    task_id = (await client.create()).json["id"]
    early = (await client.retrieve(task_id)).json
    clock.now += 4
    await provider.rendered()
    late = (await client.retrieve(task_id)).json
    assert (early["status"], late["status"], early["video"]) == ("queued", "succeeded", None)


async def test_stray_bytes_and_refusals_come_as_they_are_given(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Spoilt(rb"\ud83d"))
    assert rb"\ud83d" in (await client.create()).body
    provider.faults.add("create", Refusal(400, b"No.", {"x-request-id": "7"}))
    answer = await client.create()
    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (400, b"No.", "7")
