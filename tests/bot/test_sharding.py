"""Shards as an operator writes them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sharding import GUILD_SHIFT, MAX_SHARDS, Shards, parse_shards


def test_shards_are_written_as_numbers_and_ranges() -> None:
    assert parse_shards(16, "8, 0-2,1") == Shards(16, (0, 1, 2, 8))
    assert parse_shards(3, "") == Shards(3, (0, 1, 2)), "without any, all of them"


@pytest.mark.parametrize("text", ["3", "2-1", "0-3", "-1", "1-", "x", "0-1-2", "²", "9" * 5000])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_shards(3, text)


@given(st.integers(1, 64), st.integers(0, 2**63 - 1), st.integers(0, 63))
def test_every_server_is_on_one_shard(count: int, guild_id: int, split: int) -> None:
    split = min(split, count - 1)
    lower = parse_shards(count, f"0-{split}")
    upper = None if split == count - 1 else parse_shards(count, f"{split + 1}-{count - 1}")
    owners = [lower.has(guild_id), upper is not None and upper.has(guild_id)]
    assert owners.count(True) == 1


@given(st.text(max_size=20))
def test_any_text_is_shards_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert set(parse_shards(8, text).ids) <= set(range(8))


def test_discords_rule_says_which_shard_a_server_is_on() -> None:
    assert MAX_SHARDS > 16
    assert parse_shards(4, "2").has(6 << GUILD_SHIFT)
    assert not parse_shards(4, "2").has(7 << GUILD_SHIFT)
