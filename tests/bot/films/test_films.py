"""Films on both databases: offered, accepted whole or not at all, made in turn, and joined by one process."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission.appeals import fingerprint, word_rule
from bot.admission.budgets import period_end
from bot.admission.check_request import Admission
from bot.admission.denials import BudgetReachedError
from bot.admission.film_denials import FilmTooLongError, ShotRefusedError
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.film_models import Continuity, FilmRow
from bot.db.guild_models import Action, AppealDecision, AppealRow, AuditRow
from bot.db.models import Generation, Status
from bot.errors import RepeatedError
from bot.failures import FailureKind
from bot.films import chain
from bot.films.acceptance import IN_A_FILM
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote, Films
from bot.jobs.ports import DeliveryPort
from bot.jobs.queue import GenerationQueue, LeaseLostError
from bot.jobs.steps.base import StepPostponedError, Tools
from bot.jobs.steps.preparation import Preparation
from bot.jobs.steps.timing import Patience, Timing
from bot.media.downloads import Downloads, FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.image_links import frame_link
from bot.media.image_store import ImageStore
from bot.media.images import ImageInput
from bot.media.last_frames import LastFrames, NoFrameError, SlowFrameError
from bot.media.whole_videos import WholeVideos
from bot.policy.documents import Period
from bot.provider.catalogue import CATALOGUE, VideoRequest, build_request
from bot.provider.choosing import parse_models
from bot.provider.client import VeoClient
from bot.provider.input_kinds import InputKind
from bot.requests.confirmation import QuoteChangedError, QuoteExpiredError, UnknownQuoteError
from bot.requests.source_videos import SourceVideos
from cogs.films.offer_text import render_offer
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import MODERATOR, PRICE, Desk
from tests.bot.rows import MODEL, insert, new_requester
from tests.bot.troubles import Logs, busy_thread, ends_in

UNREADABLE = [FileGoneError("404"), NoFrameError("no frame")]
LEASE = timedelta(seconds=60)
IMAGE = "https://cdn.discordapp.com/attachments/1/2/a.png"
NO_VIDEOS = cast("WholeVideos", None)


@pytest.fixture
def desk(database: Database, clock: StoppedClock) -> Desk:
    """What else a server has; members have five videos a day."""
    return Desk(database, clock)


@pytest.fixture
def films(desk: Desk) -> Films:
    """The service."""
    return desk.films


def spec(count: int, continuity: Continuity = Continuity.CONTINUOUS) -> FilmSpec:
    prompts = tuple(f"shot {number}" for number in range(1, count + 1))
    return FilmSpec("Dragons", prompts, None, {"duration": 4}, (), continuity)


async def accept(films: Films, count: int, interaction_id: int = 1, image: str = "") -> Film:
    asked = replace(spec(count), images=(ImageInput.checked(image),) if image else ())
    quote = await films.offer(new_requester(interaction_id=interaction_id), asked)
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert not isinstance(film, FilmQuote)
    return film


async def count_rows(database: Database) -> int:
    return len(await database.read(lambda session: session.scalars(select(Generation)).all()))


CHAIN, CUTS = Continuity.CONTINUOUS, Continuity.CUTS


@pytest.mark.parametrize(
    ("count", "continuity", "times"), [(4, CHAIN, 4), (2, CUTS, 1), (3, CUTS, 2), (4, CUTS, 2)]
)
async def test_the_wait_that_is_told_is_the_whole_films(
    films: Films, count: int, continuity: Continuity, times: int
) -> None:
    alone = await films.offer(new_requester(), spec(1))
    quote = await films.offer(new_requester(), spec(count, continuity))  # two are made at once
    assert alone.expected_in is not None
    assert quote.expected_in == pytest.approx(times * alone.expected_in)


async def test_a_shot_that_may_be_made_from_words_alone_costs_what_such_videos_did_where_no_list_tells(
    films: Films, desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_prices(video: VideoRequest) -> float | None:
        return None if video.model.kind is InputKind.TEXT else PRICE

    monkeypatch.setattr(desk.prices, "quote", list_prices)
    model = (await films.offer(new_requester(), spec(1))).preview.model
    past = {"status": Status.SUCCEEDED, "credits_used": 3 * PRICE, "options": {"duration": 4}}
    await insert(database, model=model, **past)
    quote = await films.offer(new_requester(interaction_id=2), spec(2))
    assert quote.row.price == 6 * PRICE, "the second shot may cost more than was reserved"


async def end(
    database: Database, clock: StoppedClock, shot: Generation, status: Status, **values: Any
) -> None:
    shown = {"status": status, "delivered_at": clock(), "result_id": 77, "result_channel_id": 10}
    change = update(Generation).where(Generation.id == shot.id).values({**shown, **values})
    await database.write(lambda session: session.execute(change))


async def found(films: Films, film: Film) -> Film:
    current = await films.find(film.row.id)
    assert current is not None
    return current


def film_queue(database: Database, clock: StoppedClock, owner: str = "one") -> FilmQueue:
    return FilmQueue(database, owner, lease=LEASE, models=CATALOGUE, clock=clock)


async def allow_once(
    database: Database,
    clock: StoppedClock,
    prompt: str,
    word: str,
    made_from: list[object],
    decision: AppealDecision = AppealDecision.ALLOW,
) -> None:
    video = build_request(MODEL, prompt, {"duration": 4})
    row = AppealRow(
        id="a" * 16,
        guild_id=1,
        user_id=new_requester().user_id,
        rule=word_rule(word),
        prompt=video.prompt,
        fingerprint=fingerprint(video, made_from),
        created_at=clock(),
        decision=decision,
        decided_at=clock(),
    )
    await database.write(lambda session: session.add(row))


async def test_what_a_moderator_let_pass_once_is_no_film_of_it(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.add_word(MODERATOR, "shot")
    await allow_once(database, clock, "shot 1", "shot", [])
    with pytest.raises(ShotRefusedError):
        await films.offer(new_requester(), replace(spec(1), model=MODEL))


async def test_an_offer_costs_what_the_click_does_and_leaves_no_shot(
    films: Films, database: Database
) -> None:
    quote = await films.offer(new_requester(), spec(3))
    assert (quote.left, quote.row.price) == (2, 3 * 3_120_000.0)
    assert await count_rows(database) == 0
    film = await films.confirm(new_requester(), quote.row.id, 1)
    assert isinstance(film, Film)
    assert [shot.estimated_credits for shot in film.shots] == [3_120_000.0] * 3
    assert (film.row.prompts, film.row.title) == ([], "Dragons")


async def test_what_does_not_fit_is_refused_whole(films: Films, database: Database) -> None:
    with pytest.raises(FilmTooLongError, match="leaves you 5 videos"):
        await films.offer(new_requester(), spec(6))
    assert await count_rows(database) == 0
    assert await database.read(lambda session: session.scalars(select(FilmRow)).all()) == []


async def test_a_later_shot_that_is_refused_for_its_model_says_that(films: Films, desk: Desk) -> None:
    await desk.moderation.change_settings(MODERATOR, {"models": frozenset({"google/veo3"})})
    reason = r"^Shot 2: .* none of the allowed models .*This didn't count toward your limit\.$"
    with pytest.raises(ShotRefusedError, match=reason):
        await films.offer(new_requester(), spec(3))


@pytest.mark.both_engines
async def test_moderators_learn_that_the_budget_stops_films(
    films: Films, desk: Desk, database: Database
) -> None:
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE / 2})
    with pytest.raises(BudgetReachedError):
        await films.offer(new_requester(), spec(2))
    actions = await database.read(lambda session: session.scalars(select(AuditRow.action)).all())
    assert Action.BUDGET_REACHED in actions
    assert await database.read(lambda session: session.scalars(select(FilmRow)).all()) == []


async def test_a_film_is_made_by_the_model_that_was_shown_or_offered_again(
    films: Films, desk: Desk, database: Database
) -> None:
    quote = await films.offer(new_requester(), spec(2))
    assert "\n**Veo 3** · " in render_offer(quote)
    desk.prices.gone = frozenset({"google/veo-3.0-i2v"})
    again = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(again, FilmQuote)
    said = "⚠️ **The model has changed since you saw it:** Veo 3 Fast instead of Veo 3. Please decide again."
    assert render_offer(again).startswith(said)
    assert await count_rows(database) == 0
    desk.prices.gone = frozenset()
    film = await films.confirm(new_requester(), again.row.id, again.row.revision)
    assert isinstance(film, Film)
    assert [shot.model for shot in film.shots] == ["google/veo-3.0-fast", "google/veo-3.0-i2v-fast"]


async def test_a_film_is_made_by_the_model_that_was_shown_though_another_is_the_default_now(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    quote = await films.offer(new_requester(), spec(2))
    restarted = Films(
        database,
        admission=Admission(desk.prices, daily_limit=5, models=parse_models("Veo 3.1, Veo 3")),
        queue_estimate=desk.queue_estimate,
        work=asyncio.Event(),
        stopping=asyncio.Event(),
        clock=clock,
    )
    film = await restarted.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    assert [shot.model for shot in film.shots] == ["google/veo3", "google/veo-3.0-i2v"]


async def test_an_offer_by_another_model_at_a_higher_price_says_both(films: Films, desk: Desk) -> None:
    quote = await films.offer(new_requester(), spec(2))
    desk.prices.gone, desk.prices.price = frozenset({"google/veo3"}), 2 * PRICE
    again = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(again, FilmQuote)
    said = "⚠️ **The model and the price have changed since you saw them:** Veo 3 Fast instead of Veo 3."
    assert render_offer(again).startswith(said)
    desk.prices.price = 3 * PRICE
    dearer = await films.confirm(new_requester(), again.row.id, again.row.revision)
    assert isinstance(dearer, FilmQuote)
    assert render_offer(dearer).startswith("⚠️ **The price has changed since you saw it.**")


async def test_an_offer_whose_change_was_not_seen_is_shown_once_more(films: Films, desk: Desk) -> None:
    seen = await films.offer(new_requester(), spec(2))
    desk.prices.price = 2 * PRICE
    changed = await films.confirm(new_requester(), seen.row.id, seen.row.revision)
    assert isinstance(changed, FilmQuote)
    with pytest.raises(QuoteChangedError):
        await films.confirm(new_requester(), seen.row.id, seen.row.revision)
    again = await films.repeat(new_requester(), seen.row.id)
    assert (again.is_changed, again.row.price, again.row.revision) == (False, 4 * PRICE, 2)
    assert isinstance(await films.confirm(new_requester(), again.row.id, again.row.revision), Film)


async def test_an_offer_that_is_over_says_with_which_command_there_is_another(
    films: Films, clock: StoppedClock
) -> None:
    quote = await films.offer(new_requester(), spec(2))
    clock.advance(timedelta(minutes=16))
    with pytest.raises(QuoteExpiredError, match=r"This offer expired .* Use `/film` again\."):
        await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    with pytest.raises(UnknownQuoteError, match=r"no longer available\. Use `/film` again\."):
        await films.drop(new_requester(), "0" * 16)


async def test_of_two_clicks_at_once_one_counts(films: Films, database: Database) -> None:
    quote = await films.offer(new_requester(), spec(2))
    clicks = [films.confirm(new_requester(), quote.row.id, 1) for _ in range(2)]
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Film, RepeatedError}
    assert await count_rows(database) == 2


async def test_a_shot_is_not_begun_before_the_one_before_has_ended(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 3)
    await films.attach_card(film.row.id, 10)
    runner = GenerationQueue(database, "one", max_running=9, lease=LEASE, clock=clock)
    assert [shot.shot for shot in await runner.claim(9)] == [1]
    queue = film_queue(database, clock)
    assert await queue.release_shots() == []
    first, second, third = film.shots
    await end(database, clock, first, Status.SUCCEEDED)
    assert await queue.release_shots() == [second.id]
    assert await queue.release_shots() == []
    (claimed,) = await runner.claim(9)
    assert (claimed.id, claimed.picture_urls, claimed.continues_id) == (
        second.id,
        [frame_link(first.id)],
        first.id,
    )
    await end(database, clock, second, Status.FAILED)
    assert await queue.release_shots() == [third.id]
    (claimed,) = await runner.claim(9)
    assert claimed.picture_urls == [frame_link(first.id)]


@pytest.mark.both_engines
async def test_a_film_is_joined_by_one_process_once_all_shots_have_ended(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    one, two = film_queue(database, clock), film_queue(database, clock, "two")
    await end(database, clock, film.shots[0], Status.SUCCEEDED)
    assert await one.claim() is None
    await end(database, clock, film.shots[1], Status.SUCCEEDED)
    taken = await one.claim()
    assert taken is not None
    assert await two.claim() is None
    clock.advance(2 * LEASE)
    again = await two.claim()
    assert again is not None
    with pytest.raises(LeaseLostError):
        await one.update(taken.row, posting_at=clock())
    row = await two.update(again.row, delivered_at=clock())
    assert row.delivered_at == clock()
    assert await two.claim() is None


async def test_a_film_whose_claim_waited_for_its_turn_is_held_for_a_whole_lease(
    films: Films, database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED)

    read = database.read

    async def read_slowly(look: Callable[[Session], Any]) -> Any:
        found = await read(look)
        clock.advance(2 * LEASE)
        return found

    monkeypatch.setattr(database, "read", read_slowly)
    taken = await film_queue(database, clock).claim()
    assert taken is not None
    assert taken.row.lease_until == clock() + LEASE, "others take it up while this process runs it"


@pytest.mark.sqlite_only
async def test_a_film_that_waited_until_the_next_day_takes_that_days_budget(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    day = timedelta(days=1)
    clock.advance(period_end(Period.DAY, clock()) + day - timedelta(seconds=10) - clock())
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 1.5 * PRICE})
    quote = await films.offer(new_requester(interaction_id=2), spec(1))
    spent = await accept(films, 1)
    async with busy_thread(database):
        confirming = asyncio.create_task(films.confirm(new_requester(), quote.row.id, quote.row.revision))
        await asyncio.sleep(0)
        clock.advance(timedelta(seconds=20))
    film = await confirming
    assert isinstance(film, Film), "it's refused by a budget that is over"
    assert film.shots[0].created_at.date() == spent.shots[0].created_at.date() + day


async def test_a_film_whose_card_was_refused_is_an_offer_again(films: Films, database: Database) -> None:
    film = await accept(films, 2)
    await films.withdraw(film.row.id)
    assert await count_rows(database) == 0
    again = await films.confirm(new_requester(), film.row.id, film.row.revision)
    assert isinstance(again, Film)
    assert [shot.prompt for shot in again.shots] == ["shot 1", "shot 2"]


async def take_back_and_accept(films: Films, asked: FilmSpec) -> Film:
    """Let a film be accepted, taken back and accepted again."""
    quote = await films.offer(new_requester(), asked)
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    await films.withdraw(film.row.id)
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    return film


async def test_a_film_that_is_taken_back_leaves_what_was_allowed_free_for_once(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.add_word(MODERATOR, "2")
    await allow_once(database, clock, "shot 2", "2", [IN_A_FILM])
    asked = replace(spec(2, Continuity.CUTS), model=MODEL)
    await take_back_and_accept(films, asked)
    with pytest.raises(ShotRefusedError):
        await films.offer(new_requester(interaction_id=2), asked)


@pytest.mark.both_engines
async def test_a_film_that_is_taken_back_is_known_by_its_image_again(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.add_word(MODERATOR, "1")
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    asked = replace(spec(2), images=(ImageInput(IMAGE, "me.png", "image/png", 9, width=640, height=480),))
    with pytest.raises(ShotRefusedError):
        await films.offer(new_requester(interaction_id=1), asked)
    allow = update(AppealRow).values(decision=AppealDecision.ALLOW, decided_at=clock())
    await database.write(lambda session: session.execute(allow))
    film = await take_back_and_accept(films, asked)
    assert film.shots[0].picture_urls == [IMAGE]
    kept = str(film.row.pictures)
    assert "http" not in kept
    assert "me.png" not in kept
    await films.attach_card(film.row.id, 10)
    assert (await found(films, film)).row.pictures == []


@pytest.mark.both_engines
async def test_a_film_that_was_begun_is_not_taken_back(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 2)
    await database.write(lambda session: session.execute(update(Generation).values(lease_owner="one")))
    await films.withdraw(film.row.id)
    assert await count_rows(database) == 2
    found = await films.find(film.row.id)
    assert found is not None
    assert found.row.accepted_at == clock()


@pytest.mark.both_engines
@pytest.mark.parametrize("kind", [FailureKind.IMAGE_BAD, None])
async def test_without_a_frame_and_the_films_image_a_shot_ends_free_and_keeps_no_other_film_waiting(
    films: Films, database: Database, clock: StoppedClock, logs: Logs, kind: FailureKind | None
) -> None:
    film = await accept(films, 3, image=IMAGE)
    other = await accept(films, 2, interaction_id=2)
    await films.attach_card(film.row.id, 10)
    await films.attach_card(other.row.id, 11)
    await end(database, clock, film.shots[0], Status.FAILED, failure_kind=kind, picture_urls=None)
    await end(database, clock, other.shots[0], Status.SUCCEEDED)
    released = await film_queue(database, clock).release_shots()
    assert set(released) == {film.shots[1].id, film.shots[2].id, other.shots[1].id}
    assert ends_in(logs, "failed") == sorted(shot.id for shot in film.shots[1:])
    for shot in (await found(films, film)).shots[1:]:
        assert (shot.status, shot.failure_kind) == (Status.FAILED, kind or FailureKind.IMAGE_GONE)
        assert (shot.model, shot.finished_at, shot.credits_used) == (film.shots[1].model, clock(), None)
        assert shot.submitted_at is None


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("first_by", "is_over"), [("google/veo-3.0-i2v", True), ("google/veo-3.1-i2v", False)]
)
async def test_where_the_films_image_is_too_small_no_later_shot_is_tried_with_it(
    films: Films, database: Database, clock: StoppedClock, first_by: str, *, is_over: bool
) -> None:
    film = await accept(films, 4, image=IMAGE)
    await films.attach_card(film.row.id, 10)
    small = {"failure_kind": FailureKind.IMAGE_SMALL, "model": first_by}
    await end(database, clock, film.shots[0], Status.FAILED, **small)
    await film_queue(database, clock).release_shots()
    later = (await found(films, film)).shots[1:]
    if is_over:
        ends = [(shot.status, shot.failure_kind, shot.submitted_at) for shot in later]
        assert ends == [(Status.FAILED, FailureKind.IMAGE_SMALL, None)] * 3
    else:
        assert later[0].picture_urls == [IMAGE], "its own model takes smaller ones"


async def test_a_shot_that_cannot_begin_keeps_no_other_film_waiting(
    films: Films, database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await accept(films, 2), await accept(films, 2, interaction_id=2)
    for film in (bad, good):
        await films.attach_card(film.row.id, 10)
        await end(database, clock, film.shots[0], Status.SUCCEEDED)
    find = chain.fetch_film

    def fail_for_one(session: Session, film_id: str) -> Film | None:
        if film_id == bad.row.id:
            raise TypeError("nobody foresaw this")
        return find(session, film_id)

    monkeypatch.setattr(chain, "fetch_film", fail_for_one)
    assert await film_queue(database, clock).release_shots() == [good.shots[1].id]


async def test_after_a_shot_that_is_shown_nowhere_the_rest_is_not_paid_for(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 4)
    await films.attach_card(film.row.id, 10)
    await end(database, clock, film.shots[0], Status.SUCCEEDED)
    await end(database, clock, film.shots[1], Status.SUCCEEDED, result_id=None, awaits_id=None)
    await film_queue(database, clock).release_shots()
    shots = (await found(films, film)).shots
    ends = [(shot.status, shot.failure_kind, shot.awaits_id) for shot in shots[2:]]
    assert ends == [(Status.FAILED, FailureKind.UNSHOWN, None)] * 2


class Frames:
    """Finds none."""

    def __init__(self, trouble: MediaError) -> None:
        self.trouble = trouble

    async def find(self, *_: object) -> bytes:
        raise self.trouble


def tools_of(queue: GenerationQueue, timing: Timing, patience: Patience) -> Tools:
    """Return what the steps share, without Discord and the provider."""
    return Tools(queue, cast("VeoClient", None), cast("DeliveryPort", None), timing, utc_now, patience)


@pytest.mark.both_engines
@pytest.mark.parametrize("trouble", UNREADABLE, ids=str)
@pytest.mark.parametrize("image", ["", IMAGE])
async def test_a_frame_that_cannot_be_had_gives_way_to_what_comes_next_at_once(
    films: Films, database: Database, clock: StoppedClock, tmp_path: Path, trouble: MediaError, image: str
) -> None:
    film = await accept(films, 3, image=image)
    await films.attach_card(film.row.id, 10)
    await end(database, clock, film.shots[0], Status.SUCCEEDED, video_url="x")
    await end(database, clock, film.shots[1], Status.SUCCEEDED, video_url="x", awaits_id=None)
    videos = VideoStore(cast("Downloads", None), tmp_path / "videos")
    frames = SourceVideos(database, videos, cast("LastFrames", Frames(trouble)), NO_VIDEOS)
    store = ImageStore(cast("Downloads", None), tmp_path / "images", frames.find_frame)
    runner = GenerationQueue(database, "one", max_running=9, lease=LEASE, clock=clock)
    step = Preparation(tools_of(runner, Timing(), Patience(clock)), store, frames.give_up_frame)
    queue = film_queue(database, clock)
    sources: list[str | None] = []
    for _ in range(2):
        assert await queue.release_shots() == [film.shots[2].id]
        (claimed,) = await runner.claim(9)
        sources.append(claimed.continues_id)
        with pytest.raises(StepPostponedError):
            await step.prepare(claimed)
        assert await runner.claim(9) == []
    assert sources == [film.shots[1].id, film.shots[0].id]
    assert await queue.release_shots() == [film.shots[2].id]
    third = (await found(films, film)).shots[2]
    assert (third.continues_id, third.continues_post) == (None, None)
    assert (third.picture_urls, third.status) == (
        ([IMAGE], Status.PREPARING) if image else (None, Status.QUEUED)
    )


@pytest.mark.parametrize("error", [SlowFrameError("too slow"), MediaError("a full disk")], ids=type)
async def test_a_frame_that_always_takes_too_long_gives_way_once_its_time_is_over(
    films: Films, database: Database, clock: StoppedClock, tmp_path: Path, error: MediaError
) -> None:
    is_slow = isinstance(error, SlowFrameError)
    film = await accept(films, 3)
    await films.attach_card(film.row.id, 10)
    await end(database, clock, film.shots[0], Status.SUCCEEDED, video_url="x")
    await end(database, clock, film.shots[1], Status.SUCCEEDED, video_url="x", awaits_id=None)
    videos = VideoStore(cast("Downloads", None), tmp_path / "videos")
    frames = SourceVideos(database, videos, cast("LastFrames", Frames(error)), NO_VIDEOS)
    store = ImageStore(cast("Downloads", None), tmp_path / "images", frames.find_frame)
    runner = GenerationQueue(database, "one", max_running=9, lease=LEASE, clock=clock)
    timing, patience = Timing(), Patience(clock, lambda: clock().timestamp())
    step = Preparation(tools_of(runner, timing, patience), store, frames.give_up_frame)
    await film_queue(database, clock).release_shots()
    (claimed,) = await runner.claim(9)
    with pytest.raises(StepPostponedError):
        await step.prepare(claimed)
    assert (await found(films, film)).row.frameless_shots is None
    clock.advance(timing.fetch_window)
    with pytest.raises(StepPostponedError) if is_slow else nullcontext():
        await step.prepare(claimed)
    frameless = (await found(films, film)).row.frameless_shots
    assert frameless == ([film.shots[1].id] if is_slow else None)
    await film_queue(database, clock).release_shots()
    third = (await found(films, film)).shots[2]
    if is_slow:
        assert (third.status, third.continues_id) == (Status.PREPARING, film.shots[0].id)
    else:
        assert third.status is Status.FAILED, "a shot that continues nothing is paid for"


@pytest.mark.both_engines
@pytest.mark.parametrize("column", ["lease_until", "not_before"])
async def test_a_clock_that_was_set_back_leaves_no_film_lying(
    films: Films, database: Database, clock: StoppedClock, column: str
) -> None:
    film = await accept(films, 1)
    await end(database, clock, film.shots[0], Status.SUCCEEDED)
    queue = film_queue(database, clock)
    for after, is_due in ((LEASE, False), (timedelta(days=300), True)):
        values = {"lease_owner": "dead", "not_before": clock(), column: clock() + after}
        change = update(FilmRow).where(FilmRow.id == film.row.id).values(values)
        await database.write(lambda session, change=change: session.execute(change))
        assert (await queue.claim() is not None) is is_due
