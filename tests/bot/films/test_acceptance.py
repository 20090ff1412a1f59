"""Forbidden words of films on both databases: what can be allowed once, and what costs a strike."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from bot.admission.denials import BlockedError, RefusedError
from bot.db.database import Database
from bot.db.film_models import Continuity
from bot.db.guild_models import AppealDecision, AppealRow
from bot.db.models import Generation, Status
from bot.films.acceptance import IN_A_FILM
from bot.films.redoing import Redoing
from bot.films.remix import CannotRemixError
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote, Films
from bot.moderation.decisions import Decisions
from bot.moderation.strikes import Strikes
from bot.policy.documents import Reviewed, ReviewRule
from bot.policy.strikes import Step
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import allow_once, desk, end, films, found
from tests.bot.films.test_redoing import made, offered, posted, redoing
from tests.bot.quoting import MODERATOR, Desk
from tests.bot.rows import MODEL, new_requester

__all__ = ["desk", "films", "redoing"]


async def forbid(desk: Desk, database: Database, clock: StoppedClock, *words: str) -> None:
    """Forbid words, each of which costs a strike."""
    for word in words:
        await desk.moderation.add_word(MODERATOR, word)
    await Strikes(Decisions(database, clock)).change(MODERATOR, steps=(Step(strikes=9, pause=3600),))


def cuts(*prompts: str, title: str = "Dragons") -> FilmSpec:
    return FilmSpec(title, prompts, MODEL, {"duration": 4}, (), Continuity.CUTS)


async def refused(films: Films, asked: FilmSpec, interaction_id: int) -> str:
    """Return why a film is refused."""
    with pytest.raises(RefusedError) as refusal:
        await films.offer(new_requester(interaction_id=interaction_id), asked)
    return str(refusal.value)


async def allowed(films: Films, database: Database, clock: StoppedClock, asked: FilmSpec) -> AppealRow:
    """Let a film be refused, and a moderator let it pass; return what they were asked."""
    with pytest.raises(RefusedError) as refusal:
        await films.offer(new_requester(interaction_id=1), asked)
    values = {"decision": AppealDecision.ALLOW, "asked_at": clock(), "decided_at": clock()}
    assert refusal.value.appeal_id is not None, "there is nothing to ask about"
    allow = update(AppealRow).where(AppealRow.id == refusal.value.appeal_id).values(values)
    return await database.write(lambda session: session.scalars(allow.returning(AppealRow)).one())


async def test_a_film_that_a_moderator_let_pass_costs_no_strike_for_its_next_shot(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "bad", "awful")
    film = cuts("bad fox", "awful fox")
    assert "This counts as a strike" in await refused(films, film, 1)
    await allow_once(database, clock, "bad fox", "bad", [IN_A_FILM])
    said = await refused(films, film, 2)
    assert said.startswith("Shot 2: ")
    assert "strike" not in said
    assert "strike" in await refused(films, cuts("an awful cat"), 3), "nobody let that pass"


async def test_a_shot_that_a_moderator_let_pass_costs_no_strike_for_what_was_forbidden_since(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "bad", "fox")
    await allow_once(database, clock, "bad fox", "bad", [IN_A_FILM])
    said = await refused(films, cuts("bad fox"), 1)
    assert "“fox”" in said
    assert "strike" not in said


@pytest.mark.both_engines
async def test_a_remix_costs_no_strike_for_words_that_were_accepted_before(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, count=2)
    lines = update(Generation).where(Generation.shot == 2).values(prompt="a  wolf\nhowls")
    await database.write(lambda session: session.execute(lines))
    await forbid(desk, database, clock, "wolf", "lynx")
    remixed = films.remix(await found(films, film))
    said = await refused(films, remixed, 11)
    assert said.startswith("Shot 2: ")
    assert "strike" not in said
    prompts = (remixed.prompts[0], "another wolf howls")
    assert "strike" in await refused(films, replace(remixed, prompts=prompts), 12)
    assert "strike" in await refused(films, replace(remixed, title="A lynx"), 13)
    await desk.moderation.add_word(MODERATOR, film.row.title)
    said = await refused(films, remixed, 14)
    assert said.startswith("This film's title")
    assert "strike" not in said


async def test_a_film_that_is_removed_while_its_form_is_open_is_not_remixed(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, count=2)
    remixed = films.remix(film)
    await films.remove(film.row.id, 1)
    with pytest.raises(CannotRemixError, match="This film was removed"):
        await films.offer(new_requester(interaction_id=11), remixed)


async def test_a_permission_is_not_used_up_where_there_was_no_strike(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    quote = await films.offer(new_requester(interaction_id=1), cuts("a lynx"))
    film = await films.confirm(new_requester(interaction_id=1), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    await allow_once(database, clock, "a lynx", "lynx", [IN_A_FILM], AppealDecision.LIFT)
    await forbid(desk, database, clock, "lynx")
    await refused(films, films.remix(film), 2)
    row = await database.read(lambda session: session.get_one(AppealRow, "a" * 16))
    assert row.used_at is None


async def test_an_offer_that_is_refused_while_it_is_shown_again_stays(films: Films, desk: Desk) -> None:
    quote = await films.offer(new_requester(interaction_id=1), cuts("a fox"))
    await desk.moderation.pause(MODERATOR, None)
    with pytest.raises(RefusedError):
        await films.repeat(new_requester(interaction_id=2), quote.row.id)
    await desk.moderation.resume(MODERATOR)
    film = await films.confirm(new_requester(interaction_id=3), quote.row.id, quote.row.revision)
    assert not isinstance(film, FilmQuote)


async def test_a_shot_that_a_moderator_let_pass_spares_one_strike_also_after_its_film_was_taken_back(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "bad", "awful")
    await allow_once(database, clock, "bad fox", "bad", [IN_A_FILM])
    film = cuts("bad fox", "awful cat")
    for interaction_id in (1, 1):
        assert "strike" not in await refused(films, film, interaction_id), "it's the same refusal"
    assert "strike" in await refused(films, film, 2)
    quote = await films.offer(new_requester(interaction_id=3), cuts("bad fox"))
    await films.confirm(new_requester(interaction_id=3), quote.row.id, quote.row.revision)
    await films.withdraw(quote.row.id)
    assert "strike" in await refused(films, film, 4)


async def test_the_title_is_judged_first_and_called_the_title(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "bad", "dragons")
    said = await refused(films, cuts("bad fox"), 1)
    assert said.startswith("This film's title contains something this server doesn't allow: “dragons”.")
    assert "This counts as a strike" in said
    await allow_once(database, clock, "bad fox", "bad", [IN_A_FILM])
    assert "strike" not in await refused(films, cuts("bad fox"), 2)


async def test_a_title_is_asked_about_with_its_shots_and_lets_exactly_that_film_pass_once(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await forbid(desk, database, clock, "dragons", "fox")
    asked = cuts("a cat", "a dog")
    row = await allowed(films, database, clock, asked)
    assert (row.prompt, row.rule) == ("Dragons\na cat\na dog", "word:dragons")
    others = (cuts("a cat"), cuts("a cat", "a dog", title="My dragons"))
    for number, other in enumerate(others, start=2):
        assert (await refused(films, other, number)).startswith("This film's title")
    assert "Your prompt contains" in await refused(films, cuts("a fox", "a dog", title="Foxes"), 5)
    quote = await films.offer(new_requester(interaction_id=6), asked)
    film = await films.confirm(new_requester(interaction_id=6), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    assert (await refused(films, asked, 7)).startswith("This film's title"), "it passes once"
    film = await made(films, database, clock, film)
    assert (await offered(redoing, film, 1)).redo.shot == 1, "its title was let pass"


@pytest.mark.both_engines
async def test_a_title_that_a_moderator_let_pass_costs_no_strike_for_what_was_forbidden_since(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await forbid(desk, database, clock, "dragons")
    asked = cuts("a cat", "a dog")
    await allowed(films, database, clock, asked)
    await desk.moderation.add_word(MODERATOR, "dog")
    said = await refused(films, asked, 2)
    assert said.startswith("Shot 2: ")
    assert "strike" not in said
    assert "strike" in await refused(films, asked, 3)


async def test_a_film_that_passes_a_block_has_its_title_judged_all_the_same(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await desk.moderation.block(MODERATOR, new_requester().user_id, None, None)
    asked = cuts("a cat")
    await allowed(films, database, clock, asked)
    await desk.moderation.add_word(MODERATOR, "dragons")
    assert (await refused(films, asked, 2)).startswith("This film's title")


async def test_equal_shots_of_one_film_are_let_pass_together_and_once(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "bad")
    await allow_once(database, clock, "bad fox", "bad", [IN_A_FILM])
    asked = cuts("bad fox", "bad fox")
    quote = await films.offer(new_requester(), asked)
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert not isinstance(film, FilmQuote)
    assert [shot.prompt for shot in film.shots] == ["bad fox", "bad fox"]
    assert (await refused(films, asked, 2)).startswith("Shot 1: ")


async def test_a_lifted_word_spares_a_film_one_strike_also_where_it_was_accepted_since(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await forbid(desk, database, clock, "fox")
    await allow_once(database, clock, "a lynx", "lynx", [IN_A_FILM], AppealDecision.LIFT)
    quote = await films.offer(new_requester(), cuts("a lynx"))
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert not isinstance(film, FilmQuote)
    row = await database.read(lambda session: session.get_one(AppealRow, "a" * 16))
    assert (row.used_at, row.used_by) == (clock(), film.shots[0].id)
    await desk.moderation.add_word(MODERATOR, "lynx")
    assert "strike" in await refused(films, cuts("a lynx"), 2)


async def test_a_members_videos_are_counted_once_for_all_shots(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, count=2)
    rule = ReviewRule(who=Reviewed.NEWCOMERS, days=0, videos=9)
    await desk.moderation.change_settings(MODERATOR, {"review": rule})
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        if "count(" in arguments[2] and "removed_at IS NULL" in arguments[2]:
            asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await films.offer(new_requester(interaction_id=5), cuts("a fox", "a cat"))
        assert len(asked) == 1
        await offered(redoing, film, 1)
        assert len(asked) == 2
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.both_engines
async def test_a_blocked_member_asks_once_about_a_film_and_about_a_redone_shot(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, count=2)
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await desk.moderation.block(MODERATOR, new_requester().user_id, None, None)
    decided = {"decision": AppealDecision.ALLOW, "asked_at": clock(), "decided_at": clock()}
    allow = update(AppealRow).values(decided)
    with pytest.raises(BlockedError) as blocked:
        await offered(redoing, film, 1)
    assert blocked.value.appeal_id is not None
    await database.write(lambda session: session.execute(allow))
    redo = await redoing.offer(new_requester(interaction_id=16), film.row.id, 1, "new words")
    assert (redo.redo.shot, len(redo.redo.prices)) == (1, 2), "the second shot follows on the first"
    with pytest.raises(BlockedError) as refusal:
        await films.offer(new_requester(interaction_id=11), cuts("a fox", "a cat"))
    asked = await database.read(lambda session: session.get_one(AppealRow, refusal.value.appeal_id))
    assert asked.prompt == "a fox\na cat", "moderators see all of it"
    await database.write(lambda session: session.execute(allow))
    with pytest.raises(BlockedError):
        await films.offer(new_requester(interaction_id=12), cuts("a fox", "a dog"))
    quote = await films.offer(new_requester(interaction_id=13), cuts("a fox", "a cat"))
    await films.confirm(new_requester(interaction_id=14), quote.row.id, quote.row.revision)
    with pytest.raises(BlockedError):
        await films.offer(new_requester(interaction_id=15), cuts("a fox", "a cat"))


async def test_a_film_passes_a_block_once_though_one_of_its_shots_fails(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await desk.moderation.block(MODERATOR, new_requester().user_id, None, None)
    asked = cuts("a fox", "a cat")
    await allowed(films, database, clock, asked)
    quote = await films.offer(new_requester(interaction_id=2), asked)
    film = await films.confirm(new_requester(interaction_id=3), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    await end(database, clock, film.shots[1], Status.FAILED)
    with pytest.raises(BlockedError):
        await films.offer(new_requester(interaction_id=4), asked)
    await end(database, clock, film.shots[0], Status.FAILED)
    await films.offer(new_requester(interaction_id=5), asked)


async def made_but(
    films: Films, database: Database, clock: StoppedClock, asked: FilmSpec, failed: int
) -> None:
    """Let a film be made, except for one of its shots."""
    quote = await films.offer(new_requester(interaction_id=20), asked)
    film = await films.confirm(new_requester(interaction_id=21), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    await end(database, clock, film.shots[failed], Status.FAILED)


@pytest.mark.parametrize(("title", "failed"), [("Dragons", 1), ("bad Dragons", 0)])
async def test_words_of_a_film_pass_once_though_a_shot_fails(
    films: Films, desk: Desk, database: Database, clock: StoppedClock, title: str, failed: int
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await desk.moderation.add_word(MODERATOR, "bad")
    asked = cuts(*(["bad fox"] * 2 if title == "Dragons" else ["a fox", "a cat"]), title=title)
    await allowed(films, database, clock, asked)
    await made_but(films, database, clock, asked, failed)
    assert await refused(films, asked, 3)


async def test_the_word_of_a_shot_that_fails_passes_again(
    films: Films, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.moderation.change_settings(MODERATOR, {"moderators_channel_id": 5})
    await desk.moderation.add_word(MODERATOR, "bad")
    asked = cuts("a cat", "bad fox")
    await allowed(films, database, clock, asked)
    await made_but(films, database, clock, asked, 1)
    await films.offer(new_requester(interaction_id=3), asked)
