"""Making a video anew: what is asked for, and that two clicks are one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.check_request import Admission
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.errors import RepeatedError
from bot.failures import BAD_IMAGES, FailureKind
from bot.jobs.queue import GenerationQueue
from bot.media.image_links import LIFE, MARGIN
from bot.provider import catalogue
from bot.provider.catalogue import CATALOGUE, Model, build_request
from bot.provider.choosing import family_heads
from bot.provider.input_kinds import InputKind
from bot.requests.repeats import (
    DOUBLE_CLICK,
    ImageGoneError,
    WordsGoneError,
    can_be_repeated,
    is_known,
    spec_of,
    with_new_seed,
)
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec, takes_references, understand
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester, new_row
from tests.bot.troubles import busy_thread

SOURCE = "0123456789abcdef"
TICK = timedelta(microseconds=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png?hm="
IMAGED = [model for model in CATALOGUE if model.kind is not InputKind.TEXT]

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture
def service(database: Database, clock: StoppedClock) -> GenerationService:
    """The service of /veo with a limit that no test here reaches."""
    return GenerationService(
        database,
        admission=Admission(FixedPrices(), daily_limit=1000),
        work=asyncio.Event(),
        stopping=asyncio.Event(),
        clock=clock,
    )


async def ask(
    service: GenerationService,
    *,
    user_id: int = 3,
    source_id: str | None = SOURCE,
    prompt: str = PROMPT,
    seed: int = 1,
) -> Generation:
    """Let a member click."""
    options = {"seed": seed, "duration": 4}
    requester = new_requester(user_id=user_id)
    return await service.request(
        requester, RequestSpec(model=MODEL, prompt=prompt, options=options, source_id=source_id)
    )


async def test_the_source_is_written_down(service: GenerationService) -> None:
    assert (await ask(service)).source_id == SOURCE
    assert (await ask(service, source_id=None)).source_id is None


async def test_a_second_click_is_refused_until_its_time_is_over(
    service: GenerationService, clock: StoppedClock
) -> None:
    await ask(service)
    clock.advance(DOUBLE_CLICK - TICK)
    with pytest.raises(RepeatedError):
        await ask(service, seed=2)
    clock.advance(TICK)
    await ask(service, seed=2)


async def test_a_click_of_a_clock_that_was_ahead_is_not_the_same_click(
    service: GenerationService, clock: StoppedClock
) -> None:
    await ask(service)
    clock.advance(timedelta(hours=-8))
    await ask(service, seed=2)


@pytest.mark.both_engines
async def test_many_clicks_at_once_make_one(service: GenerationService) -> None:
    answers = await asyncio.gather(*(ask(service, seed=seed) for seed in range(8)), return_exceptions=True)
    assert [type(answer) for answer in answers if not isinstance(answer, RepeatedError)] == [Generation]


@pytest.mark.sqlite_only
async def test_a_second_click_is_refused_also_where_the_database_kept_it_waiting(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    await ask(service)
    async with busy_thread(database):
        second = asyncio.create_task(ask(service, seed=2))
        await asyncio.sleep(0)
        clock.advance(2 * DOUBLE_CLICK)
    with pytest.raises(RepeatedError):
        await second


async def test_others_and_other_wishes_are_not_the_same_click(service: GenerationService) -> None:
    await ask(service)
    await ask(service, user_id=4)
    await ask(service, source_id="f" * 16)
    await ask(service, prompt="another")
    await ask(service, source_id=None)


async def test_what_was_cancelled_may_be_asked_for_at_once(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    await insert(
        database,
        source_id=SOURCE,
        status=Status.CANCELLED,
        options={"seed": 1, "duration": 4},
        created_at=clock(),
    )
    await ask(service)


SEEDED = [model.id for model in family_heads(CATALOGUE) if model.option("seed")]


@given(model=st.sampled_from(SEEDED), seed=st.none() | seeds)
def test_a_new_seed_changes_nothing_else(model: str, seed: int | None) -> None:
    options = {"duration": 6, **({} if seed is None else {"seed": seed})}
    again = with_new_seed(RequestSpec(model, PROMPT, options))
    build_request(model, again.prompt, again.options)
    assert (again.model, again.prompt, {**again.options, "seed": 0}) == (
        model,
        PROMPT,
        {**options, "seed": 0},
    )


def test_each_click_draws_another_seed() -> None:
    drawn = {with_new_seed(RequestSpec(MODEL, PROMPT, {})).options["seed"] for _ in range(5)}
    assert len(drawn) > 1


def test_a_model_that_is_not_offered_any_more_keeps_its_wishes() -> None:
    spec = RequestSpec("gone/model", PROMPT, {"seed": 1})
    assert with_new_seed(spec) == spec


def test_what_was_forgotten_cannot_be_made_anew() -> None:
    with pytest.raises(WordsGoneError):
        spec_of(new_row(prompt="", erased_at=NOON), NOON)


def made_from(model: Model, **changes: Any) -> Generation:
    """Return a row of noon that was made as the model does."""
    links = [f"{LINK}{number}" for number, _ in enumerate(model.kind.image_fields)]
    values: dict[str, Any] = {"model": model.id, "options": {}, **changes}
    return new_row(picture_urls=links or None, created_at=NOON, **values)


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.label)
def test_what_was_made_from_images_is_made_anew_from_the_same(model: Model) -> None:
    row = made_from(model)
    spec = spec_of(row, NOON)
    assert [image.url for image in spec.images] == (row.picture_urls or [])
    assert understand(spec, CATALOGUE).model is model, "another one, or it is refused"


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.label)
def test_what_was_made_from_images_is_not_made_anew_without_them(model: Model) -> None:
    row = new_row(model=model.id, created_at=NOON)
    assert can_be_repeated(row, NOON) == is_known(row) == (model.kind is InputKind.TEXT)
    if not is_known(row):
        with pytest.raises(ImageGoneError, match=r"that I no longer have\. .* This didn't count"):
            spec_of(row, NOON)


def test_neither_are_references_when_the_catalogue_loses_their_model(monkeypatch: pytest.MonkeyPatch) -> None:
    row = new_row(model="google/veo-3.1-reference-to-video", created_at=NOON)
    monkeypatch.setattr(catalogue, "ALL_MODELS", ())
    assert not is_known(row)


def test_the_id_of_every_model_that_takes_or_took_references_says_so_by_itself() -> None:
    assert takes_references("google/veo-3.1-reference-to-video"), "also once its row is gone"
    for model in CATALOGUE:
        assert takes_references(model.id) is (model.kind is InputKind.REFERENCES), model.id


@pytest.mark.parametrize("model", IMAGED, ids=lambda model: model.label)
def test_once_a_link_is_dead_it_is_said_since_when(model: Model) -> None:
    row, died = made_from(model), NOON + LIFE - MARGIN
    assert can_be_repeated(row, died - TICK)
    assert spec_of(row, died - TICK).images
    assert not can_be_repeated(row, died)
    assert is_known(row), "a button under the message would be missing"
    with pytest.raises(ImageGoneError) as gone:
        spec_of(row, died)
    assert str(gone.value) == (
        f"This video was made from an image that I no longer have, and Discord's link to it expired "
        f"<t:{int(died.timestamp())}:R>. Use `/veo` and attach it again. This didn't count toward your limit."
    )


def test_a_model_that_is_gone_does_not_make_a_video_of_words_alone() -> None:
    row = new_row(model="gone/model", picture_urls=[LINK], created_at=NOON)
    assert len(spec_of(row, NOON).images) == 1
    assert not can_be_repeated(row, NOON + LIFE)


@pytest.mark.parametrize("kind", FailureKind)
async def test_images_that_were_of_no_use_are_not_tried_again(
    database: Database, clock: StoppedClock, kind: FailureKind
) -> None:
    queue = GenerationQueue(database, "me", max_running=1, lease=DOUBLE_CLICK, clock=clock)
    row = await insert(
        database, model=IMAGED[0].id, picture_urls=[LINK], created_at=clock(), lease_owner="me"
    )
    failed = await queue.fail(row, kind, None)
    assert can_be_repeated(failed, clock()) == (kind not in BAD_IMAGES)
