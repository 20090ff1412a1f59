"""A server's document for suggestions: from memory for a few seconds, and never waited for."""

import asyncio

import pytest

from bot.db.database import Database
from bot.policy import store as policy_store
from bot.policy.documents import Policy
from bot.policy.store import KEPT_SECONDS, RecentPolicies, store_policy

GUILD = 7
SHORT, LONG = Policy(longest_duration=4), Policy(longest_duration=8)


async def store(database: Database, policy: Policy) -> None:
    await database.write(lambda session: store_policy(session, GUILD, policy))


async def test_it_is_read_again_after_a_few_seconds(database: Database) -> None:
    now = 0.0
    policies = RecentPolicies(database, clock=lambda: now)
    assert await policies.find(GUILD) == Policy(), "nothing was decided yet"
    await store(database, SHORT)
    assert await policies.find(GUILD) == Policy(), "each key asks the database"
    now += KEPT_SECONDS
    assert await policies.find(GUILD) == SHORT
    await store(database, LONG)
    now += KEPT_SECONDS
    assert await policies.find(GUILD) == LONG


async def test_a_few_servers_are_remembered(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_store, "MAX_SERVERS", 1)
    policies = RecentPolicies(database, clock=lambda: 0.0)
    await policies.find(GUILD)
    await policies.find(GUILD + 1)
    await store(database, SHORT)
    assert await policies.find(GUILD) == SHORT, "it was not forgotten"


async def test_a_database_that_is_slow_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    policies = RecentPolicies(database)
    with monkeypatch.context() as slow:
        slow.setattr(Database, "read", hang)
        assert await policies.find(GUILD) is None
    assert await policies.find(GUILD) == Policy(), "the failure was remembered"
