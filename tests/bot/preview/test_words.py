"""The preview of a blocked word refuses just what the service refuses once the word is blocked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.policy.documents import Policy
from bot.preview.comparison import BOTH, ONLY_NOW, ONLY_THEN, Comparison, total
from bot.preview.contents import PAGE, ContentCheck, Verdict, compare_contents, word_check
from bot.preview.history import SPAN
from bot.requests.spec import RequestSpec
from tests.bot.preview.really import really_refused
from tests.bot.rows import MODEL, new_film, new_row
from tests.examples import SCALE

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
servers = count(20_000)


@dataclass(frozen=True)
class Wish:
    """A request of the past, as hypothesis draws it."""

    member: int
    minutes: int
    prompt: str
    negative_prompt: str | None
    is_kept: bool = True

    @property
    def at(self) -> datetime:
        """When it was made."""
        return NOW - timedelta(minutes=self.minutes)

    @property
    def options(self) -> dict[str, str]:
        """What the member chose."""
        return {} if self.negative_prompt is None else {"negative_prompt": self.negative_prompt}


parts = st.sampled_from(
    ["gore", "GÓRE", "go\u200bre", "gory", "red dragon", "Red, Dragon", "дракон", "a cat"]
)
texts = st.lists(parts, min_size=1, max_size=3).map(" and ".join)
wishes = st.builds(
    Wish,
    st.integers(11, 13),
    st.integers(1, int(SPAN.total_seconds()) // 60),
    texts,
    st.none() | texts,
    st.sampled_from([True, True, True, False]),
)


def row_of(guild_id: int, wish: Wish) -> Generation:
    """Return the row of a request that was accepted; its words may be gone."""
    return new_row(
        guild_id=guild_id,
        user_id=wish.member,
        created_at=wish.at,
        finished_at=wish.at,
        status=Status.SUCCEEDED,
        erased_at=None if wish.is_kept else NOW,
        credits_used=1.0,
        prompt=wish.prompt if wish.is_kept else "",
        options=wish.options if wish.is_kept else {},
    )


async def refused_under(database: Database, drawn: Sequence[Wish], policy: Policy) -> list[datetime]:
    asked = [(wish.at, RequestSpec(MODEL, wish.prompt, wish.options)) for wish in drawn]
    return await really_refused(database, policy, asked)


async def compared(database: Database, guild_id: int, word: str, policy: Policy | None = None) -> Comparison:
    return await compare_contents(database, guild_id, word_check(word, policy or Policy()), NOW)


def in_order(drawn: Sequence[Wish]) -> list[Wish]:
    """Return them as they were made, none at the same time as another."""
    return sorted({wish.at: wish for wish in drawn}.values(), key=lambda wish: wish.at)


@pytest.mark.both_engines
@settings(max_examples=10 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(wishes, max_size=12).map(in_order),
    st.sampled_from(["gore", "Red Dragon", "дракон"]),
    st.lists(st.sampled_from(["cat", "gory"]), unique=True).map(tuple),
)
@pytest.mark.nightly(daily=["sqlite"])
@example([Wish(11, 60, "a cat", "gore"), Wish(11, 50, "gore", "a cat")], "gore", ("cat",))
async def test_the_preview_refuses_what_the_service_refuses(
    database: Database, drawn: list[Wish], word: str, blocked: tuple[str, ...]
) -> None:
    guild_id, kept = next(servers), [wish for wish in drawn if wish.is_kept]
    await database.write(lambda session: session.add_all([row_of(guild_id, wish) for wish in drawn]))
    comparison = await compared(database, guild_id, word, Policy(words=blocked))
    alone = await refused_under(database, kept, Policy(words=(word,)))
    before = await refused_under(database, kept, Policy(words=blocked))
    both = await refused_under(database, kept, Policy(words=(*blocked, word)))
    assert comparison.refused == alone
    assert (comparison.requests, comparison.unknown) == (len(kept), len(drawn) - len(kept))
    assert comparison.refused_now == len(before)
    assert comparison.refused_twice == len(alone) + len(before) - len(both)
    by_day = total(comparison.days)
    assert by_day.total() == len(kept)
    assert set(before) <= set(both), "a word more lets something be accepted"
    assert by_day[ONLY_NOW] == 0
    assert by_day[BOTH] == len(before)
    assert comparison.saved == by_day[ONLY_THEN] == len(both) - len(before)
    assert comparison.has_chart == bool(alone)


async def test_a_film_is_refused_whole_for_one_shot_or_for_its_title(database: Database) -> None:
    guild_id = next(servers)
    calm, gory = Wish(11, 60, "a cat", None), Wish(11, 60, "gore", None)
    films = {
        "one shot": ("Cats", [calm, gory, calm]),
        "title": ("Gore!", [calm]),
        "neither": ("Cats", [calm]),
    }
    for number, (title, shots) in enumerate(films.values()):
        film_id = f"film{guild_id}{number}"
        rows = [row_of(guild_id, replace(shot, minutes=60 - number)) for shot in shots]
        for row in rows:
            row.film_id, row.shot = film_id, 1
        film = new_film(id=film_id, guild_id=guild_id, user_id=11, title=title)
        await database.write(lambda session, rows=rows, film=film: session.add_all([film, *rows]))
    comparison = await compared(database, guild_id, "gore")
    assert (len(comparison.refused), comparison.requests) == (4, 5)


async def test_a_shot_whose_words_are_gone_leaves_its_film_out_unless_another_one_tells(
    database: Database,
) -> None:
    guild_id = next(servers)
    calm, gory, gone = (Wish(11, 60, prompt, None, is_kept=prompt != "") for prompt in ("a cat", "gore", ""))
    for number, shots in enumerate(([calm, gone], [gory, gory])):
        rows = [row_of(guild_id, replace(shot, minutes=60 - number)) for shot in shots]
        for row in rows:
            row.film_id, row.shot = f"film{guild_id}{number}", 1
        await database.write(lambda session, rows=rows: session.add_all(rows))
    comparison = await compared(database, guild_id, "gore")
    assert (len(comparison.refused), comparison.requests, comparison.unknown) == (2, 2, 2)


async def test_somebody_else_gets_the_lock_before_all_is_checked(database: Database) -> None:
    guild_id, lock, begun = next(servers), asyncio.Lock(), asyncio.Event()
    wishes = [Wish(11, number + 1, "a cat", None) for number in range(3 * PAGE)]
    await database.write(lambda session: session.add_all([row_of(guild_id, wish) for wish in wishes]))
    loop, check = asyncio.get_running_loop(), word_check("gore", Policy())
    checked: list[Sequence[Any]] = []

    def check_and_tell(row: Sequence[Any]) -> Verdict:
        checked.append(row)
        loop.call_soon_threadsafe(begun.set)
        return check.verdict(row)

    comparing = asyncio.create_task(
        compare_contents(database, guild_id, ContentCheck(check.columns, check_and_tell), NOW, lock)
    )
    await begun.wait()
    async with lock:
        assert 0 < len(checked) <= PAGE, "others wait until all of a long history is checked"
    assert (await comparing).requests == 3 * PAGE
