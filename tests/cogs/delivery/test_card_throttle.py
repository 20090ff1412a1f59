"""The edits of cards: rarely enough, the newest state wins, the last one always comes. Time is virtual."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.models import Status
from bot.eta.rate_limiter import RateLimiter
from bot.metrics.metrics import EDITS, SAVED, SENT
from bot.signals import StoppingError, pause
from cogs.delivery.card_throttle import FINAL_RANK, KEPT, CardEdits, rank_of
from tests.bot.virtual_time import play
from tests.cogs.generation import NOON, generation

INTERVAL = 10.0
RATE = 10.0
TINY = 1e-6


@dataclass(frozen=True)
class News:
    """A state of a card: after how many seconds it comes, and how far the request is."""

    after: float
    card: int
    rank: int


@dataclass(frozen=True)
class Sent:
    """An edit that went out."""

    at: float
    card: int
    rank: int
    number: int


def clock() -> float:
    return asyncio.get_running_loop().time()


async def send_all(news: list[News], slowness: float = 0.0) -> list[Sent]:
    """Tell all news at their times; each edit takes `slowness` seconds."""
    edits, sent, numbers = CardEdits(INTERVAL, RateLimiter(RATE)), list[Sent](), count()

    async def tell(item: News) -> None:
        await asyncio.sleep(item.after)
        number = next(numbers)  # in the order in which they are told

        async def edit() -> None:
            sent.append(Sent(clock(), item.card, item.rank, number))
            await asyncio.sleep(slowness)

        await edits.edit(item.card, item.rank, edit)

    await asyncio.gather(*map(tell, news))
    return sent


# Each at a time of its own, so that it is known which was told last.
stories = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 4)), max_size=30, unique_by=lambda pair: pair[0]
).map(lambda pairs: [News(at / 10, card, 1) for at, card in sorted(pairs)])


@given(stories, st.sampled_from([0.0, 0.3, 12.0]))
def test_a_card_is_edited_rarely_and_ends_as_it_was_told_last(news: list[News], slowness: float) -> None:
    async def scene() -> None:
        sent = await send_all(news, slowness)
        by_card: defaultdict[int, list[Sent]] = defaultdict(list)
        for item in sent:
            by_card[item.card].append(item)
        for edits in by_card.values():
            assert all(two.at - one.at >= INTERVAL - TINY for one, two in pairwise(edits))
            assert [edit.number for edit in edits] == sorted(edit.number for edit in edits)
        assert all(two.at - one.at >= 1 / RATE - TINY for one, two in pairwise(sent))
        last = {item.card: number for number, item in enumerate(news)}
        assert {card: edits[-1].number for card, edits in by_card.items()} == last

    play(scene())


def test_the_first_edit_waits_for_nothing_and_what_is_overtaken_is_never_sent() -> None:
    async def scene() -> None:
        sent = await send_all([News(at, 1, 0) for at in (0.0, 1.0, 2.0, 3.0)])
        assert [(item.at, item.number) for item in sent] == [(0.0, 0), (INTERVAL, 3)]

    play(scene())


def test_the_last_state_comes_though_others_wait_and_nothing_comes_after_it() -> None:
    async def scene() -> None:
        sent = await send_all([News(0, 1, 1), News(1, 1, 1), News(2, 1, FINAL_RANK), News(3, 1, 1)])
        assert [(item.at, item.rank) for item in sent] == [(0.0, 1), (INTERVAL, FINAL_RANK)]

    play(scene())


def test_a_request_that_is_being_made_never_waits_again_on_its_card() -> None:
    async def scene() -> None:
        sent = await send_all([News(0, 1, 1), News(20, 1, 0)])
        assert [item.rank for item in sent] == [1]

    play(scene())


def test_two_last_states_keep_their_distance_too() -> None:
    async def scene() -> None:
        sent = await send_all([News(0, 1, FINAL_RANK), News(1, 1, FINAL_RANK), News(30, 1, FINAL_RANK)])
        assert [item.at for item in sent] == [0.0, INTERVAL, 30.0]

    play(scene())


def test_many_cards_take_turns() -> None:
    async def scene() -> None:
        sent = await send_all([News(0, card, 1) for card in range(100)])
        assert [item.card for item in sent] == list(range(100))
        assert sent[-1].at == pytest.approx(99 / RATE)

    play(scene())


def test_nothing_is_kept_of_cards_that_are_final() -> None:
    async def scene() -> None:
        edits = CardEdits(INTERVAL, RateLimiter(RATE))

        async def edit() -> None:
            return

        for card in range(20):
            await edits.edit(card, 1, edit)
        assert len(edits._cards) == 20  # pyright: ignore[reportPrivateUsage]: what it keeps is the point
        await asyncio.gather(*(edits.edit(card, FINAL_RANK, edit) for card in range(20)))
        await asyncio.sleep(2 * INTERVAL)
        assert edits._cards == {}  # pyright: ignore[reportPrivateUsage]: the same

    play(scene())


def test_nothing_is_kept_for_ever_of_cards_that_another_process_ends() -> None:
    async def scene() -> None:
        edits = CardEdits(INTERVAL, RateLimiter(RATE))

        async def fail() -> None:
            raise OSError("Discord is away")

        for card in range(20):
            with pytest.raises(OSError, match="away"):
                await edits.edit(card, 1, fail)
        await asyncio.sleep(KEPT + 1)
        assert edits._cards == {}  # pyright: ignore[reportPrivateUsage]: as above

    play(scene())


def test_an_edit_that_fails_says_so_and_is_followed_by_the_next() -> None:
    async def scene() -> None:
        edits, seen = CardEdits(INTERVAL, RateLimiter(RATE)), list[float]()

        async def fail() -> None:
            raise OSError("Discord is away")

        async def edit() -> None:
            seen.append(clock())

        with pytest.raises(OSError, match="away"):
            await edits.edit(1, FINAL_RANK, fail)
        await edits.edit(1, FINAL_RANK, edit)
        assert seen == [INTERVAL]

    play(scene())


def test_a_program_that_stops_does_not_wait_for_cards() -> None:
    async def scene() -> None:
        stopping = asyncio.Event()
        wait = partial(pause, stopping=stopping)
        edits = CardEdits(INTERVAL, RateLimiter(RATE, wait), wait)

        async def edit() -> None:
            return

        await edits.edit(1, 1, edit)
        asyncio.get_running_loop().call_later(2, stopping.set)
        with pytest.raises(StoppingError):
            await edits.edit(1, FINAL_RANK, edit)
        assert clock() == pytest.approx(2)

    play(scene())


def test_ranks_follow_the_life_of_a_request() -> None:
    waiting = [generation(status=status) for status in (Status.QUEUED, Status.SUBMITTING, Status.RUNNING)]
    ended = [generation(status=status) for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)]
    held = generation(status=Status.SUCCEEDED, review_until=NOON)
    ranks = [*map(rank_of, [*waiting, held])]
    assert ranks == sorted(ranks)
    assert {*map(rank_of, ended)} == {FINAL_RANK}
    assert max(ranks) < FINAL_RANK


def test_what_was_sent_and_what_was_saved_is_counted() -> None:
    def counted() -> dict[str, float]:
        return {
            sample.labels["outcome"]: sample.value
            for family in EDITS.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    before = counted()

    async def scene() -> None:
        edits = CardEdits(INTERVAL, RateLimiter(RATE))

        async def edit() -> None:
            return

        # The first goes out at once, the second is overtaken by the third, and the last comes too late.
        await asyncio.gather(*(edits.edit(1, rank, edit) for rank in (1, 1, FINAL_RANK, 1)))
        assert counted() == {SENT: before[SENT] + 2, SAVED: before[SAVED] + 2}

    play(scene())
