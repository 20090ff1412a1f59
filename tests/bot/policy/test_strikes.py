"""The rules of strikes: which count, how long the newest one blocks; whatever the ladder and the past."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.db.guild_models import StrikeKind
from bot.policy.documents import Block, Step, StrikeRules
from bot.policy.strikes import ActiveStrikes, Strike, active_strikes, block_for, describe_strikes, step_at

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


def ladder(counts: set[int], pauses: list[int], *, is_endless: bool) -> tuple[Step, ...]:
    """Return steps that climb."""
    spans: list[int | None] = [*sorted(pauses)]
    spans = [*spans[:-1], None] if is_endless else spans
    return tuple(
        Step(strikes=count, pause=pause) for count, pause in zip(sorted(counts), spans, strict=False)
    )


steps = st.builds(
    ladder,
    st.sets(st.integers(1, 30), min_size=1, max_size=5),
    st.lists(st.integers(1, 10**7), min_size=5, max_size=5),
    is_endless=st.booleans(),
)
rules = st.builds(StrikeRules, days=st.integers(1, 30), steps=steps)
ages = st.timedeltas(timedelta(), timedelta(days=40))
fading = st.timedeltas(timedelta(days=-40), timedelta(days=40)).map(NOW.__add__)
strikes = st.lists(st.builds(Strike, st.sampled_from(StrikeKind), fading), max_size=40)
ends = st.none() | st.timedeltas(timedelta(1), timedelta(days=400)).map(NOW.__add__)
blocks = st.none() | st.builds(Block, since=st.just(NOW), until=ends)


def end_of(block: Block | None) -> datetime:
    if block is None:
        return NOW
    return block.until or FOREVER


@given(rules, strikes, ages)
def test_a_strike_counts_until_it_fades(
    given_rules: StrikeRules, given_strikes: list[Strike], later: timedelta
) -> None:
    now, then = (active_strikes(given_rules, given_strikes, at) for at in (NOW, NOW + later))
    assert now.count == sum(strike.fades_at > NOW for strike in given_strikes)
    assert then.count <= now.count
    if now.all_faded_at is not None:
        assert active_strikes(given_rules, given_strikes, now.all_faded_at).count == 0


@given(rules, strikes, blocks)
def test_a_block_is_never_shortened_and_lasts_as_the_highest_step_says(
    given_rules: StrikeRules, given_strikes: list[Strike], present: Block | None
) -> None:
    standing = active_strikes(given_rules, given_strikes, NOW)
    block, step = block_for(present, standing, NOW), step_at(given_rules, standing.count)
    assert end_of(block or present) >= end_of(present)
    if block is not None:
        assert step is not None
        assert block.until == (None if step.pause is None else NOW + timedelta(seconds=step.pause))
    elif step is not None:
        assert present is not None, "the step blocks nobody"


@given(rules, st.integers(0, 40))
def test_more_strikes_never_block_for_less(given_rules: StrikeRules, count: int) -> None:
    fewer, more = (
        block_for(None, ActiveStrikes(given_rules, (Strike(StrikeKind.WORD, NOW),) * number), NOW)
        for number in (count, count + 1)
    )
    assert end_of(more) >= end_of(fewer)


def test_the_default_ladder_is_an_hour_a_day_and_until_a_moderator_decides() -> None:
    found = [step_at(StrikeRules(), count) for count in range(10)]
    hour, day = 3600, 86400
    assert [step and step.pause for step in found] == [
        None,
        None,
        None,
        hour,
        hour,
        day,
        day,
        day,
        None,
        None,
    ]
    assert (found[2], found[8]) == (None, Step(strikes=8, pause=None))


@given(rules, strikes)
def test_what_counted_is_said_for_any_ladder(given_rules: StrikeRules, given_strikes: list[Strike]) -> None:
    standing = active_strikes(given_rules, given_strikes, NOW)
    text = describe_strikes(standing)
    assert (f"You have {standing.count} strike" in text) == bool(standing.count)
    next_one = standing.count and step_at(given_rules, standing.count + 1)
    assert ("One more, and you're blocked" in text) == bool(next_one)
    assert "again" not in text, "nothing has blocked them yet, or it ended"
