"""Answers in shapes that the schema does not foresee, over a socket: read leniently, believed with care."""

import json
from base64 import b64encode
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.clock import utc_now
from bot.provider.client import VeoClient
from bot.provider.errors import InvalidRequestError, UnavailableError, VeoError
from bot.provider.models import Task, TaskState
from sandbox.odd_answers import DONE_SHAPES, FAILED_SHAPES, Mistaken, Refusal, Reshaped, Spoilt, once_done
from sandbox.provider import Kind, Provider
from tests.bot.clocks import until
from tests.bot.provider.recorded import ASKED, CREATED, ID
from tests.bot.provider.test_client import ACTS, wish

# Bytes in a field that nobody reads.
STRAY = [
    rb"\ud83d",
    rb"\ude00 and \uD83D twice",
    rb"\\\ud83d",
    b"\xff\xfe",
    b"\xed\xa0\xbd",
    b"caf\xe9",
    b"a\nb\tc",
    b'", "n": ' + b"9" * 5000 + b', "m": "',
    b'", "n": NaN, "m": "',
]


async def done(veo: VeoClient) -> Task:
    """Return a task that has its video."""
    created = await veo.create(wish(), "ours")

    async def is_done() -> bool:
        return (await veo.retrieve(created.id)).state is TaskState.COMPLETED

    await until("the video is made", is_done)
    return await veo.retrieve(created.id)


@pytest.mark.parametrize("body", CREATED, ids=json.dumps)
async def test_every_recorded_answer_to_a_create_call_has_its_id(
    veo: VeoClient, provider: Provider, body: dict[str, Any]
) -> None:
    provider.faults.add("create", Reshaped(lambda _: body))
    task = await veo.create(wish(), "ours")
    assert (task.id, task.state) == (ID, TaskState.WORKING)


@pytest.mark.parametrize(("body", "state", "url", "reason"), ASKED, ids=str)
async def test_every_recorded_answer_to_a_question_means_what_it_says(
    veo: VeoClient,
    provider: Provider,
    body: dict[str, Any],
    state: TaskState,
    url: str | None,
    reason: str | None,
) -> None:
    created = await veo.create(wish(), "ours")
    provider.faults.add("retrieve", Reshaped(lambda _: {**body, "id": created.id}))
    task = await veo.retrieve(created.id)
    assert (task.state, task.video_url) == (state, url)
    assert task.is_known_status, "it would be logged as something new"
    assert reason is None or task.failure_reason == reason


@pytest.mark.parametrize("shape", DONE_SHAPES)
async def test_an_address_means_that_the_video_is_done(
    veo: VeoClient, provider: Provider, shape: str
) -> None:
    plain = await done(veo)
    provider.faults.add("retrieve", once_done(DONE_SHAPES[shape]))
    task = await veo.retrieve(plain.id)
    assert (task.id, task.state, task.video_url) == (plain.id, TaskState.COMPLETED, plain.video_url)


@pytest.mark.parametrize("shape", FAILED_SHAPES)
async def test_an_error_means_that_there_will_be_none(veo: VeoClient, provider: Provider, shape: str) -> None:
    provider.hold = True
    created = await veo.create(wish(), "ours")
    change, reason = FAILED_SHAPES[shape]
    provider.faults.add("retrieve", Reshaped(lambda task: {**task, **change}))
    task = await veo.retrieve(created.id)
    assert (task.state, task.failure_reason) == (TaskState.FAILED, reason)


NO_ADDRESSES: list[object] = [
    "",
    "soon",
    "/file.mp4",
    "file:///x",
    "data:video/mp4,A",
    [],
    [None],
    {},
    5,
    True,
]
NO_ERRORS: list[object] = [
    *(0, False, "", [], {}, {"name": "", "message": None}, {"detail": []}),
    *("null", ["None"], {"name": "<name>", "message": "<message>"}),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [*(("video", value) for value in NO_ADDRESSES), *(("error", value) for value in NO_ERRORS)],
    ids=str,
)
async def test_what_says_neither_is_still_working(
    veo: VeoClient, provider: Provider, name: str, value: object
) -> None:
    provider.hold = True
    created = await veo.create(wish(), "ours")
    provider.faults.add("retrieve", Reshaped(lambda task: {**task, "status": "dreaming", name: value}))
    task = await veo.retrieve(created.id)
    assert (task.state, task.is_known_status) == (TaskState.WORKING, False)


@pytest.mark.parametrize("stray", STRAY, ids=lambda stray: repr(stray[:12]))
async def test_a_stray_byte_spoils_no_answer(veo: VeoClient, provider: Provider, stray: bytes) -> None:
    provider.faults.add("create", Spoilt(stray))
    plain = await done(veo)
    for kind in ("retrieve", "logs", "billing"):
        provider.faults.add(kind, Spoilt(stray))
    assert await veo.retrieve(plain.id) == plain
    entry = await veo.find("ours", utc_now())
    assert entry is not None
    assert entry.inference_id == plain.id
    assert await veo.fetch_balance() > 0


async def test_a_letter_that_is_written_in_two_halves_stays_whole(veo: VeoClient, provider: Provider) -> None:
    provider.faults.add("create", Refusal(400, rb'{"message": "no \ud83d\ude00 \\ud83d \ud83d"}'))
    with pytest.raises(InvalidRequestError) as failure:
        await veo.create(wish(), "ours")
    assert str(failure.value) == "no \U0001f600 \\ud83d \ufffd"


ISSUE = {"code": "invalid_type", "path": ["duration"], "message": "Expected 4 | 6 | 8"}
REASONS: list[tuple[object, str]] = [
    ({"error": {"message": "Expected 4", "code": 5}}, "Expected 4"),
    ({"error": "Expected 4"}, "Expected 4"),
    ({"errors": [{"message": "Expected 4"}, {"message": "Required"}]}, "Expected 4; Required"),
    ({"errors": ["Expected 4"]}, "Expected 4"),
    ({"errors": {"duration": ["Expected 4"]}}, "duration: Expected 4"),
    ({"detail": "Expected 4"}, "Expected 4"),
    ({"detail": [{"loc": ["body", "duration"], "msg": "Expected 4"}]}, "duration: Expected 4"),
    (
        {"message": "Body validation error!", "meta": [ISSUE]},
        "Body validation error! duration: Expected 4 | 6 | 8",
    ),
    ({"meta": [ISSUE]}, "duration: Expected 4 | 6 | 8"),
    ({"message": ["Expected 4", "Required"], "error": "Bad Request"}, "Expected 4; Required"),
    ({"message": "Bad Request", "error": {"message": "Expected 4"}}, "Expected 4"),
    ({"message": {"error": {"message": "Expected 4"}}}, "Expected 4"),
    ({"title": "Bad Request", "detail": "Expected 4", "status": 400}, "Expected 4"),
    ({"error": {"code": "bad_duration"}}, "bad_duration"),
    ("Expected 4", "Expected 4"),
    (["Expected 4"], "Expected 4"),
    ({"data": {"error": "Expected 4"}}, "Expected 4"),
    ({"reasons": ["Expected 4"]}, "Expected 4"),
    ({"Message": "Expected 4", "StatusCode": 400}, "Expected 4"),
    ({"message": '{"error": {"message": "Expected 4"}}'}, "Expected 4"),
    ({"message": "{no JSON"}, "{no JSON"),
    (b"Expected 4", "Expected 4"),
    (b"Expected \xff 4 seconds, not 5", "Expected \ufffd 4 seconds, not 5"),
]
NO_REASONS: list[object] = [
    {}, [], None, 5, {"meta": {}}, {"code": 0}, {"message": "null"}, {"message": "undefined"},
    b"", b"<html>Expected 4</html>", b'{"message": "Expec', b"\0\1\2\3",
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), REASONS, ids=str)
async def test_the_reason_of_a_refusal_is_found_wherever_it_stands(
    veo: VeoClient, provider: Provider, body: object, reason: str
) -> None:
    provider.faults.add("create", Refusal(400, body))
    with pytest.raises(InvalidRequestError) as failure:
        await veo.create(wish(), "ours")
    assert (str(failure.value), failure.value.words) == (reason, reason)


@pytest.mark.parametrize("body", NO_REASONS, ids=str)
async def test_our_own_words_are_not_taken_for_the_providers(
    veo: VeoClient, provider: Provider, body: object
) -> None:
    provider.faults.add("create", Refusal(400, body))
    with pytest.raises(InvalidRequestError) as failure:
        await veo.create(wish(), "ours")
    assert (str(failure.value), failure.value.words) == ("The video service answered 400.", None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"requestId": "req-1"}, {}),
        ({"error": {"message": "Bad", "requestId": "req-1"}}, {}),
        ({"errors": [{"meta": {"request_id": "req-1"}}]}, {}),
        (b"<html>", {"x-request-id": "req-1"}),
        (b"<html>", {"x-client-request-id": "ours", "x-aimlapi-request-id": "req-1"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ACTS)
async def test_the_providers_name_for_a_refused_call_is_in_the_log(
    veo: VeoClient, provider: Provider, kind: Kind, body: object, headers: dict[str, str]
) -> None:
    provider.faults.add(kind, Refusal(422, body, headers))
    with capture_logs() as lines, pytest.raises(VeoError) as failure:
        await ACTS[kind](veo)
    assert failure.value.request_id == "req-1"
    assert [line.get("request_id") for line in lines] == ["req-1"], "support cannot be asked about it"


def told_on(key: str) -> list[str]:
    image = "data:image/png;base64," + "iVBORw0KGgo" * 30
    return [
        f"bad key {key}!",
        f"key {key[:10]}… is unknown",
        f"Authorization: Bearer {key}",
        f"bad key {key[:9]} {key[9:]}!",
        f"bad key {key[:7]}-\n{key[7:14]}-{key[14:]}!",
        f"bad key {' '.join(key)}!",
        f"bad key {key.swapcase()}!",
        "bad key " + "".join(f"%{letter:02x}" for letter in key.encode()) + "!",
        "bad key " + "".join(f"&#{letter};" for letter in key.encode()) + "!",
        "bad key " + "".join(f"\\u{letter:04x}" for letter in key.encode()) + "!",
        f"Basic {b64encode(f'user:{key}'.encode()).decode()}",
        f"bad key {key.encode().hex()}!",
        "Incorrect API key provided: sk-proj-abc1****************wxyz",
        "Bearer 0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "Other key: 0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        f"image_url: {image}",
        "image: " + "iVBORw0KGgo" * 30,
        "x" * 10_000,
    ]


def forms_of(key: str) -> list[str]:
    """Return pieces of the key by which it could be told in each form."""
    encoded = b64encode(f"user:{key}".encode()).decode()
    escaped = ["%6b", "&#10", "\\u006"]
    encoded = [encoded[8:20], key.encode().hex()[:16]]
    return [key[:10], key[9:18], key[14:22], " ".join(key[:8]), key.swapcase()[:10], *encoded, *escaped]


SECRETS = ("0a1b2c3d", "iVBORw0KGgo", "proj-abc1", "x" * 501)


@pytest.mark.parametrize("number", range(18))
async def test_no_word_of_the_provider_passes_unfiltered(
    veo: VeoClient, provider: Provider, number: int
) -> None:
    provider.hold = True
    words = told_on(provider.key)[number]
    created = await veo.create(wish(), "ours")
    shapes: list[dict[str, Any]] = [
        {"status": "error", "error": words},
        {"status": "error", "error": {"message": words}},
        {"status": "error", "error": {"detail": [{"msg": words}]}},
        {"status": "error", "message": words},
        {"status": words},
    ]
    found = list[str]()
    with capture_logs() as lines:
        for shape in shapes:
            provider.faults.add("retrieve", Reshaped(lambda task, shape=shape: {**task, **shape}))
            task = await veo.retrieve(created.id)
            found += [task.failure_reason, task.status]
        provider.faults.add("retrieve", Refusal(400, {"message": words, "requestId": words}))
        with pytest.raises(VeoError) as failure:
            await veo.retrieve(created.id)
    found += [str(failure.value), str(failure.value.request_id), str(lines)]
    for text in found:
        assert not [secret for secret in (*forms_of(provider.key), *SECRETS) if secret in text], text


async def test_an_address_that_holds_our_key_is_not_shown(veo: VeoClient, provider: Provider) -> None:
    plain = await done(veo)
    provider.faults.add(
        "retrieve", Reshaped(lambda task: {**task, "video": f"{plain.video_url}?key={provider.key}"})
    )
    assert (await veo.retrieve(plain.id)).video_url is None


async def test_an_answer_about_another_video_is_none(veo: VeoClient, provider: Provider) -> None:
    other = await done(veo)
    task = await veo.create(wish(), "another")
    provider.faults.add("retrieve", Mistaken())
    with pytest.raises(UnavailableError, match="about another video"):
        await veo.retrieve(task.id)
    provider.faults.add("retrieve", Reshaped(lambda answer: {**answer, "id": "", "generation_id": other.id}))
    with pytest.raises(UnavailableError, match="about another video"):
        await veo.retrieve(task.id)
    assert (await veo.retrieve(task.id)).id == task.id


@pytest.mark.parametrize(
    "body", [{}, {"error": {"message": "Busy"}}, {"message": "ok"}, {"video": None}], ids=str
)
async def test_an_answer_about_no_video_says_nothing(
    veo: VeoClient, provider: Provider, body: dict[str, Any]
) -> None:
    task = await veo.create(wish(), "ours")
    provider.faults.add("retrieve", Reshaped(lambda _: body))
    with pytest.raises(UnavailableError, match="makes no sense"):
        await veo.retrieve(task.id)
