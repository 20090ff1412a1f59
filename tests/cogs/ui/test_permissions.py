"""What the bot may do, read from Discord's permissions alone."""

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.ui.permissions import (
    MODERATOR_CHANNEL_NEEDS,
    NEEDS,
    THREAD_NEEDS,
    Need,
    find_permissions,
    missing,
    names,
)

INVITED = discord.Permissions(309237763072)  # the number in the README's invitation


def test_the_invitation_asks_for_all_that_is_needed_and_no_more() -> None:
    assert all(finding.is_good for finding in find_permissions(INVITED))
    assert sum(getattr(discord.Permissions, need.flag).flag for need in NEEDS) == INVITED.value


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.flag)
def test_each_missing_permission_is_one_bad_line_with_advice(need: Need) -> None:
    allowed = discord.Permissions(INVITED.value)
    allowed.update(**{need.flag: False})
    [bad] = [finding for finding in find_permissions(allowed) if not finding.is_good]
    assert bad.what == f"I'm missing {need.name}. {need.without}"
    assert bad.advice == "Allow it for my role."
    assert len(find_permissions(allowed)) == len(NEEDS), "a permission is left out"


def test_administrators_lack_nothing() -> None:
    allowed = discord.Permissions(administrator=True)
    assert all(finding.is_good for finding in find_permissions(allowed))
    assert missing(allowed, MODERATOR_CHANNEL_NEEDS) == []


def test_where_there_are_no_threads_their_permissions_are_left_out() -> None:
    findings = find_permissions(discord.Permissions.none(), has_threads=False)
    assert len(findings) == len(NEEDS) - len(THREAD_NEEDS)
    assert not any("Thread" in finding.what.split(".")[0] for finding in findings)


def test_names_make_a_sentence() -> None:
    assert names(MODERATOR_CHANNEL_NEEDS) == "View Channel and Send Messages"
    assert names(MODERATOR_CHANNEL_NEEDS[:1]) == "View Channel"


@given(st.integers(min_value=0, max_value=2**53 - 1), st.booleans())
def test_every_permission_is_good_exactly_when_it_is_there(value: int, has_threads: bool) -> None:
    allowed = discord.Permissions(value)
    lacking = missing(allowed, NEEDS)
    for need in NEEDS:
        has = allowed.administrator or bool(getattr(allowed, need.flag))
        assert (need not in lacking) == has
    bad = [finding for finding in find_permissions(allowed, has_threads=has_threads) if not finding.is_good]
    assert len(bad) == len([need for need in lacking if has_threads or need not in THREAD_NEEDS])
