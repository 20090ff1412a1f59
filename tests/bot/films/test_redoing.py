"""Redoing shots of a film on both databases: offered, accepted whole or not at all, and joined again once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.admission.check_request import Admission
from bot.admission.film_denials import RedoTooLongError, ShotRefusedError
from bot.db.database import Database
from bot.db.film_models import UNFADED, Continuity, FilmRow, Transition
from bot.db.guild_models import Action, AppealDecision, AppealRow, AuditRow
from bot.db.models import Generation, QuoteRow, Status
from bot.errors import NotFoundError, RepeatedError
from bot.failures import FailureKind
from bot.films.queue import FilmQueue
from bot.films.redo import CannotRedoError
from bot.films.redoing import Redoing, RedoQuote
from bot.films.rows import Film
from bot.films.service import FilmQuote, Films
from bot.films.troubles import GIVEN_UP, next_transition
from bot.media.image_links import frame_link
from bot.moderation.decisions import Decisions
from bot.moderation.rules import SERVER
from bot.moderation.strikes import Strikes
from bot.policy.documents import LimitKind, Period
from bot.policy.strikes import Step
from bot.requests.confirmation import Confirmation, QuoteChangedError, UnknownQuoteError
from cogs.films.redo_offer import render_redo
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import IMAGE, accept, desk, end, film_queue, films, found, spec
from tests.bot.quoting import MODERATOR, PRICE, Desk
from tests.bot.rows import new_requester
from tests.bot.troubles import Logs, ends_in
from tests.postgres import connect

__all__ = ["desk", "films"]

CLICK = 100  # the interaction with which a redone shot is asked for


@pytest.fixture
def redoing(desk: Desk, database: Database, clock: StoppedClock) -> Redoing:
    """The service."""
    return Redoing(
        database,
        admission=Admission(desk.prices, daily_limit=5),
        queue_estimate=desk.queue_estimate,
        work=asyncio.Event(),
        stopping=asyncio.Event(),
        clock=clock,
    )


async def posted(
    films: Films, database: Database, clock: StoppedClock, count: int = 3, image: str = ""
) -> Film:
    """Return a film that was made, joined and posted."""
    return await made(films, database, clock, await accept(films, count, image=image))


async def made(films: Films, database: Database, clock: StoppedClock, film: Film) -> Film:
    """Let a film that was accepted be made, joined and posted."""
    await films.attach_card(film.row.id, 10)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED, awaits_id=None)
    await note_post(film_queue(database, clock), await found(films, film), 99, clock)
    return await found(films, film)


async def note_post(queue: FilmQueue, film: Film, message_id: int, clock: StoppedClock) -> None:
    """Write down that a film was posted, and that nothing is left to do."""
    assert await queue.claim() is not None
    values = {"result_id": message_id, "result_channel_id": 10, "joined_shots": [*film.names]}
    await queue.update(film.row, **values, delivered_at=clock(), posting_at=None)


async def offered(redoing: Redoing, film: Film, shot: int, prompt: str = "new words") -> RedoQuote:
    return await redoing.offer(new_requester(interaction_id=CLICK), film.row.id, shot, prompt)


async def clicked(redoing: Redoing, quote: RedoQuote, last: int | None = None) -> Film | RedoQuote:
    row = quote.quote.quote_row
    return await redoing.confirm(
        new_requester(interaction_id=CLICK + 1), Confirmation(row.id, row.revision), last or quote.redo.shot
    )


async def redone(redoing: Redoing, film: Film, shot: int, last: int | None = None) -> Film:
    answer = await clicked(redoing, await offered(redoing, film, shot), last)
    assert isinstance(answer, Film)
    return answer


def prompts(film: Film) -> list[str]:
    return [shot.prompt for shot in film.shots]


def states(takes: Sequence[Generation]) -> list[tuple[int | None, Status]]:
    return [(take.shot, take.status) for take in takes]


async def test_an_offer_spends_nothing_and_a_click_adds_one_take(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    quote = await offered(redoing, film, 2)
    assert (quote.redo.shot, quote.redo.last, quote.redo.prices) == (2, 3, [PRICE, PRICE])
    assert (quote.quote.left, quote.refusal) == (1, None)
    assert len((await found(films, film)).takes) == 3
    assert await clicked(redoing, quote) is not None
    again = await found(films, film)
    assert states(again.takes) == [
        (1, Status.SUCCEEDED),
        (2, Status.SUCCEEDED),
        (2, Status.PREPARING),
        (3, Status.SUCCEEDED),
    ]
    assert (prompts(again), again.is_over) == (["shot 1", "new words", "shot 3"], False)
    with pytest.raises(RepeatedError):
        await clicked(redoing, quote)
    assert len((await found(films, film)).takes) == 4


async def test_a_take_begins_with_the_last_frame_before_it_and_the_film_is_joined_after_it(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    again = await redone(redoing, film, 2, last=3)
    queue = film_queue(database, clock)
    second, third = again.shots[1:]
    assert (second.source_id, third.awaits_id) == (film.shots[1].id, second.id)
    assert await queue.release_shots() == [second.id]
    current = (await found(films, film)).shots[1]
    assert (current.picture_urls, current.card_id) == ([frame_link(film.shots[0].id)], 10)
    await end(database, clock, second, Status.SUCCEEDED, awaits_id=None)
    assert await queue.release_shots() == [third.id]
    assert (await found(films, film)).shots[2].picture_urls == [frame_link(second.id)]
    assert await queue.claim() is None
    await end(database, clock, third, Status.SUCCEEDED, awaits_id=None)
    taken = await queue.claim()
    assert taken is not None
    assert (taken.is_to_be_posted, taken.names) == (True, (film.shots[0].id, second.id, third.id))


@pytest.mark.parametrize("ending", [Status.FAILED, Status.CANCELLED])
async def test_a_take_that_makes_no_video_leaves_the_film_as_it_is(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock, ending: Status
) -> None:
    film = await posted(films, database, clock)
    again = await redone(redoing, film, 2)
    await end(database, clock, again.shots[1], ending, awaits_id=None)
    taken = await film_queue(database, clock).claim()
    assert taken is not None
    assert (taken.is_to_be_posted, taken.names) == (False, film.names)
    assert taken.row.result_id == 99


@pytest.mark.both_engines
async def test_a_film_that_is_opened_again_is_known_to_have_cuts_and_is_not_given_up(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    troubles = {UNFADED: clock().isoformat(), "card": clock().isoformat(), GIVEN_UP: ""}
    values = {"transition": Transition.CROSSFADE, "troubles": troubles}
    await database.write(lambda session: session.execute(update(FilmRow).values(values)))
    row = (await redone(redoing, film, 2)).row
    assert ([*(row.troubles or {})], row.joined_by) == ([UNFADED], Transition.CUT)
    assert next_transition(row) is Transition.CROSSFADE, "the new film may have crossfades"


@pytest.mark.parametrize("ending", [Status.FAILED, Status.CANCELLED])
async def test_after_a_take_that_makes_no_video_the_later_ones_end_free(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock, ending: Status
) -> None:
    film = await posted(films, database, clock, count=2)
    again = await redone(redoing, film, 1, last=2)
    await end(database, clock, again.shots[0], ending)
    held = {shot.id for shot in again.shots[1:]}
    assert set(await film_queue(database, clock).release_shots()) == held
    ended = [take for take in (await found(films, film)).takes if take.id in held]
    assert [(take.status, take.failure_kind) for take in ended] == [(Status.FAILED, FailureKind.SHOT_BEFORE)]
    assert [(take.submitted_at, take.credits_used) for take in ended] == [(None, None)]


async def test_a_shot_begins_with_the_old_take_before_it_while_another_is_made(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 3)
    await films.attach_card(film.row.id, 10)
    await end(database, clock, film.shots[0], Status.SUCCEEDED)
    await redone(redoing, film, 1)
    await end(database, clock, film.shots[1], Status.FAILED, awaits_id=None)
    await film_queue(database, clock).release_shots()
    third = (await found(films, film)).shots[2]
    assert third.picture_urls == [frame_link(film.shots[0].id)]


@pytest.mark.both_engines
@pytest.mark.parametrize(("column", "is_to_be_posted"), [("erased_at", False), ("erase_at", True)])
async def test_a_film_that_is_forgotten_while_a_shot_is_redone_stays_posted_once_its_words_are_gone(
    films: Films,
    redoing: Redoing,
    database: Database,
    clock: StoppedClock,
    column: str,
    is_to_be_posted: bool,
) -> None:
    film = await posted(films, database, clock)
    again = await redone(redoing, film, 2)
    await end(database, clock, film.shots[0], Status.SUCCEEDED, **{column: clock()})
    await end(database, clock, again.shots[1], Status.SUCCEEDED, awaits_id=None)
    taken = await film_queue(database, clock).claim()
    assert taken is not None
    assert (taken.is_to_be_posted, taken.row.result_id) == (is_to_be_posted, 99)


@pytest.mark.both_engines
async def test_takes_are_in_order_though_the_clock_was_set_back(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    clock.advance(-timedelta(hours=1))
    again = await redone(redoing, film, 2)
    await end(database, clock, again.shots[1], Status.SUCCEEDED, awaits_id=None)
    assert prompts(await found(films, film)) == ["shot 1", "new words", "shot 3"]


async def test_what_does_not_fit_beside_the_shot_is_not_offered_and_says_why(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 4.5 * PRICE})
    quote = await offered(redoing, film, 2)
    assert (quote.redo.prices, type(quote.refusal).__name__) == ([PRICE], "RedoTooLongError")
    assert "from shot 3 on: This server's video budget has money for 1 of these shots" in render_redo(
        quote, []
    )
    row = quote.quote.quote_row
    with pytest.raises(UnknownQuoteError, match=r"Click \*\*Redo a shot\*\* again"):
        await redoing.confirm(new_requester(), Confirmation(row.id, row.revision), 3)
    assert isinstance(await clicked(redoing, quote), Film)


async def test_what_the_limit_leaves_is_told_without_the_takes_that_were_only_tried(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await desk.rules.set_limits(MODERATOR, SERVER, {LimitKind.DAY: 4})
    quote = await offered(redoing, film, 2)
    said = render_redo(quote, [])
    assert "from shot 3 on: Your limit leaves you 1 video right now, and each shot counts as one." in said
    assert "You've used" not in said, "three of four are used"


async def test_the_buttons_of_other_offers_take_none_of_these(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    row = (await offered(redoing, film, 2)).quote.quote_row
    with pytest.raises(UnknownQuoteError):
        await desk.quotes.confirm(new_requester(interaction_id=7), row.id, row.revision)
    other = await list_recent(desk.generations, 1)
    assert len(other) == 3
    await desk.ask_first()
    video = (await desk.offer(interaction_id=8)).quote_row
    with pytest.raises(UnknownQuoteError):
        await redoing.confirm(new_requester(interaction_id=9), Confirmation(video.id, video.revision), 1)


async def test_a_budget_that_ends_before_the_click_accepts_none_of_the_shots(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    quote = await offered(redoing, film, 2)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 4.5 * PRICE})
    with pytest.raises(
        RedoTooLongError, match=r"^This server's video budget has money for 1 of these shots right now\. This"
    ):
        await clicked(redoing, quote, last=3)
    current = await found(films, film)
    assert (len(current.takes), current.row.delivered_at is None) == (3, False)
    assert isinstance(await clicked(redoing, quote), Film), "the shot alone can still be had"


async def test_forbidden_words_are_named_with_their_shot(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await desk.moderation.add_word(MODERATOR, "goblin")
    await Strikes(Decisions(database, clock)).change(MODERATOR, steps=(Step(strikes=2, pause=3600),))
    with pytest.raises(ShotRefusedError, match=r"(?s)^Shot 2: .*This didn't count.*This counts as a strike"):
        await offered(redoing, film, 2, "a goblin")
    await desk.moderation.add_word(MODERATOR, film.shots[1].prompt)
    with pytest.raises(ShotRefusedError) as unchanged:
        await offered(redoing, film, 2, film.shots[1].prompt)
    assert "strike" not in str(unchanged.value), "its words were accepted when they were typed"
    await desk.moderation.remove_word(MODERATOR, film.shots[1].prompt)
    quote = await offered(redoing, film, 2)
    await desk.moderation.add_word(MODERATOR, "dragons")
    with pytest.raises(
        CannotRedoError, match=r"title contains something .* “dragons”\. I can't redo its shots"
    ):
        await clicked(redoing, quote)
    with pytest.raises(CannotRedoError) as titled:
        await offered(redoing, film, 2, "a goblin")
    assert "strike" not in str(titled.value), "the title is judged first, as that of a new film"
    assert len((await found(films, film)).takes) == 3


async def test_a_later_shot_with_a_forbidden_word_is_named_once_and_how_to_ask_about_it(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await desk.moderation.add_word(MODERATOR, "3")
    reason = "from shot 3 on: Your prompt contains something this server doesn't allow: “3”."
    assert f"{reason}\n" in render_redo(await offered(redoing, film, 2), [])
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    offer = await redoing.offer(new_requester(interaction_id=7), film.row.id, 2, "x")
    assert f"{reason} To ask a moderator about that, redo shot 3 alone.\n" in render_redo(offer, [])
    with pytest.raises(ShotRefusedError) as refusal:
        await redoing.offer(new_requester(interaction_id=8), film.row.id, 3, film.shots[2].prompt)
    assert refusal.value.appeal_id is not None


async def test_equal_shots_that_are_redone_are_let_pass_together_and_once(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    same = film.shots[2].prompt
    await desk.moderation.add_word(MODERATOR, "3")
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    with pytest.raises(ShotRefusedError):
        await offered(redoing, film, 2, same)
    allow = update(AppealRow).values(decision=AppealDecision.ALLOW, decided_at=clock())
    await database.write(lambda session: session.execute(allow))
    quote = await redoing.offer(new_requester(interaction_id=7), film.row.id, 2, same)
    again = await clicked(redoing, quote, last=3)
    assert isinstance(again, Film)
    assert prompts(again) == ["shot 1", same, same]
    for shot in again.shots[1:]:
        await end(database, clock, shot, Status.SUCCEEDED)
    await note_post(film_queue(database, clock), await found(films, film), 100, clock)
    with pytest.raises(ShotRefusedError):
        await redoing.offer(new_requester(interaction_id=8), film.row.id, 2, same)


async def test_a_price_that_has_risen_is_shown_before_anything_is_spent(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    quote = await offered(redoing, film, 2)
    desk.prices.price = 2 * PRICE
    again = await clicked(redoing, quote)
    assert isinstance(again, RedoQuote)
    assert (again.quote.is_changed, again.redo.prices) == (True, [2 * PRICE, 2 * PRICE])
    assert render_redo(again, []).startswith("⚠️ **The price has changed since you saw it.**")
    assert len((await found(films, film)).takes) == 3
    assert isinstance(await clicked(redoing, again), Film)


@pytest.mark.both_engines
async def test_another_model_is_shown_before_anything_is_spent(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    quote = await offered(redoing, film, 2)
    kept = {**(quote.quote.quote_row.redo or {}), "models": ["google/veo3", "google/veo3"]}
    await database.write(lambda session: session.execute(update(QuoteRow).values(redo=kept)))
    again = await clicked(redoing, quote)
    assert isinstance(again, RedoQuote)
    said = "⚠️ **The model has changed since you saw it:** Veo 3 from an image instead of Veo 3. Please"
    assert render_redo(again, []).startswith(said)
    assert len((await found(films, film)).takes) == 3
    assert isinstance(await clicked(redoing, again), Film)


async def test_an_offer_whose_change_was_not_seen_is_shown_once_more(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    seen = await offered(redoing, film, 2)
    desk.prices.price = 2 * PRICE
    assert isinstance(await clicked(redoing, seen), RedoQuote)
    with pytest.raises(QuoteChangedError):
        await clicked(redoing, seen)
    again = await redoing.repeat(new_requester(), seen.quote.quote_row.id)
    assert (again.quote.is_changed, again.redo.prices) == (False, [2 * PRICE, 2 * PRICE])
    assert isinstance(await clicked(redoing, again), Film)


@pytest.mark.both_engines
async def test_a_film_that_is_being_joined_or_gone_or_anothers_is_not_changed(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    film_id = film.row.id
    quote = await offered(redoing, film, 2)
    for values, reason in (
        ({"delivered_at": None}, "I'm joining this film right now"),
        ({"removed_at": clock()}, "This film was removed"),
        ({"user_id": 5}, "Only the member who requested this film"),
        ({"erased_at": clock()}, "The prompts of this film were deleted"),
    ):
        kept = {name: getattr(film.row, name) for name in values}
        await change(database, film, **values)
        with pytest.raises(CannotRedoError, match=reason):
            await clicked(redoing, quote)
        await change(database, film, **kept)
    for requester, shot in ((new_requester(guild_id=2), 2), (new_requester(), 4)):
        with pytest.raises(NotFoundError):
            await redoing.offer(requester, film_id, shot, "x")
    assert len((await found(films, film)).takes) == 3


async def change(database: Database, film: Film, **values: object) -> None:
    statement = update(FilmRow).where(FilmRow.id == film.row.id).values(values)
    await database.write(lambda session: session.execute(statement))


async def test_a_shot_that_failed_is_tried_again_while_the_others_are_made(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    await end(database, clock, film.shots[0], Status.FAILED)
    with pytest.raises(CannotRedoError, match="Shot 2 is still being made"):
        await offered(redoing, film, 2)
    quote = await offered(redoing, film, 1)
    assert quote.redo.last == 1, "what is being made isn't offered"
    again = await clicked(redoing, quote)
    assert isinstance(again, Film)
    await end(database, clock, film.shots[1], Status.SUCCEEDED, awaits_id=None)
    queue = film_queue(database, clock)
    assert await queue.claim() is None
    await end(database, clock, again.shots[0], Status.SUCCEEDED)
    taken = await queue.claim()
    assert taken is not None
    assert len(taken.names) == 2


@pytest.mark.postgres_only
async def test_posting_waits_for_no_take_that_goes_with_a_removed_film(
    films: Films, redoing: Redoing, database: Database, database_url: str, clock: StoppedClock
) -> None:
    film = await redone(redoing, await posted(films, database, clock), 3)
    new = film.takes[-1].id
    async with connect(database_url) as removal:
        await removal.execute("BEGIN")
        await removal.execute("SELECT 1 FROM generations WHERE id = $1 FOR UPDATE", new)
        posting = film_queue(database, clock).begin_posting(film.row, ("other",))
        assert await asyncio.wait_for(posting, 20) is None, "it shows others by now"


async def test_without_its_first_image_the_first_shot_cannot_be_redone_but_the_others_can(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, count=2, image=IMAGE)
    again = await redone(redoing, film, 1)
    assert again.shots[0].picture_urls == [IMAGE]
    await end(database, clock, again.shots[0], Status.SUCCEEDED)
    await note_post(film_queue(database, clock), await found(films, film), 100, clock)
    clock.advance(timedelta(days=2))
    with pytest.raises(CannotRedoError, match="begins with an image that I no longer have"):
        await redoing.offer(new_requester(interaction_id=7), film.row.id, 1, "x")
    quote = await redoing.offer(new_requester(interaction_id=8), film.row.id, 2, "x")
    assert isinstance(await clicked(redoing, quote), Film)


async def test_a_shot_that_would_start_from_an_image_that_is_gone_is_not_offered(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, image=IMAGE)
    await end(database, clock, film.shots[0], Status.FAILED)
    assert (await offered(redoing, film, 2)).redo.shot == 2
    clock.advance(timedelta(days=2))
    with pytest.raises(CannotRedoError, match="Shot 2 would start from this film's first image"):
        await redoing.offer(new_requester(interaction_id=7), film.row.id, 2, "x")


async def test_behind_a_shot_that_is_shown_nowhere_none_is_redone(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await end(database, clock, film.shots[1], Status.SUCCEEDED, result_id=None)
    with pytest.raises(
        CannotRedoError, match=r"couldn't post shot 2 anywhere, and shot 3 .* Redo shot 2 first"
    ):
        await redoing.find(new_requester(), film.row.id, 3)
    quote = await offered(redoing, film, 2)
    assert quote.redo.last == 3, "both can be redone together"
    assert isinstance(await clicked(redoing, quote, last=3), Film)


async def test_a_shot_that_is_shown_nowhere_hinders_none_that_starts_from_a_later_one(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await end(database, clock, film.shots[0], Status.SUCCEEDED, result_id=None)
    again = await redone(redoing, film, 3)
    assert again.shots[2].id in await film_queue(database, clock).release_shots()
    begun = (await found(films, film)).shots[2]
    assert (begun.status, begun.continues_id) == (Status.PREPARING, film.shots[1].id)


async def test_a_shot_that_is_being_posted_keeps_none_after_it_from_beginning(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    first = (await redone(redoing, film, 1)).shots[0]
    quote = await redoing.offer(new_requester(interaction_id=7), film.row.id, 3, "x")
    third = await clicked(redoing, quote)
    assert isinstance(third, Film)
    await end(database, clock, first, Status.SUCCEEDED, result_id=None, delivered_at=None)
    assert third.shots[2].id in await film_queue(database, clock).release_shots()
    assert (await found(films, film)).shots[2].status is Status.PREPARING


async def test_in_a_film_of_cuts_the_later_shots_are_not_offered(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    quote = await films.offer(new_requester(), spec(2, Continuity.CUTS))
    film = await films.confirm(new_requester(), quote.row.id, 1)
    assert not isinstance(film, FilmQuote)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED)
    await note_post(film_queue(database, clock), await found(films, film), 99, clock)
    assert (await offered(redoing, film, 1)).redo.last == 1


@pytest.mark.both_engines
async def test_a_shot_that_was_redone_can_be_taken_down_without_the_film(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    again = await redone(redoing, film, 2)
    await end(database, clock, again.shots[1], Status.SUCCEEDED, awaits_id=None)
    await note_post(film_queue(database, clock), await found(films, film), 100, clock)
    assert await films.remove(film.row.id, film.row.user_id, shot_id=film.shots[1].id) is None
    assert await films.remove(film.row.id, film.row.user_id, shot_id=again.shots[1].id) is not None


@pytest.mark.parametrize("with_shot", [True, False], ids=["with a shot", "by itself"])
async def test_new_shots_of_a_film_that_is_removed_are_cancelled_as_the_audit_log_says(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock, logs: Logs, *, with_shot: bool
) -> None:
    film = await posted(films, database, clock)
    takes = (await redone(redoing, film, 2, last=3)).shots[1:]
    shot_id = film.shots[0].id if with_shot else None
    assert await films.remove(film.row.id, MODERATOR.user_id, shot_id=shot_id) is not None
    ended = {take.id: take for take in (await found(films, film)).takes}
    assert [ended[take.id].status for take in takes] == [Status.CANCELLED] * 2
    assert [ended[take.id].submitted_at for take in takes] == [None] * 2
    assert ends_in(logs, "cancelled") == sorted(take.id for take in takes)
    acts = await database.read(lambda session: session.scalars(select(AuditRow)).all())
    cancelled = {f"generation:{take.id}" for take in takes}
    assert {row.subject for row in acts if row.action is Action.CANCEL} == cancelled
    deleted = [row.subject for row in acts if row.action is Action.VIDEO_DELETE]
    assert deleted == ([] if with_shot else [f"film:{film.row.id}"])
