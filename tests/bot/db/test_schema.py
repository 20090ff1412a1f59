"""What is known of the migrations without Alembic is what Alembic says, and migrations keep what rows say."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.db.database import open_database
from bot.db.film_models import FilmRow, Transition
from bot.db.guild_models import AppealDecision, AppealRow, StrikeRow
from bot.db.models import Generation
from bot.db.review_models import is_in_review
from bot.db.schema import MIGRATIONS, create, known_revisions
from bot.db.schema_fit import Fit, examine_schema
from bot.jobs.queue import GenerationQueue

GIVEN_AT = datetime(2026, 11, 29, 12, 0, 0, 123, tzinfo=UTC)
# Three servers: one that chose days, one that chose nothing about strikes, one that never chose anything.
OF_0016 = (
    """INSERT INTO guilds (guild_id, policy) VALUES (1, '{"strikes": {"days": 3}}'), (2, '{"strikes": {}}')
    """,
    """INSERT INTO strikes (guild_id, user_id, kind, source, created_at) VALUES
    (1, 7, 'word', 'act 1', '2026-11-29 12:00:00.000123+00:00'),
    (2, 7, 'word', 'act 2', '2026-11-29 12:00:00.000123+00:00'),
    (3, 7, 'word', 'act 3', '2026-11-29 12:00:00.000123+00:00')
    """,
    """INSERT INTO appeals
    (id, guild_id, user_id, rule, prompt, fingerprint, created_at, decision, used_at) VALUES
    ('a', 1, 7, 'word:red', 'red', 'f', '2026-11-29 12:00:00+00:00', 'allow', '2026-11-29 12:00:00+00:00')
    """,
)
OF_0018 = """INSERT INTO generations
    (id, interaction_id, guild_id, channel_id, user_id, placement, card_id, prompt, model, options, status,
    created_at, not_before, attempts, submission) VALUES
    ('a', 1, 1, 2, 7, 'thread', 5, 'a fox', 'google/veo3', '{}', 'queued',
    '2026-11-29 12:00:00+00:00', '2026-11-29 12:00:00+00:00', 0, 0)
    """
OF_0022 = """INSERT INTO films
    (id, interaction_id, guild_id, channel_id, user_id, placement, title, prompts, options, pictures,
    has_image, continuity, revision, created_at, expires_at, not_before, attempts) VALUES
    ('a', 1, 1, 2, 7, 'thread', 'Foxes', '["a fox"]', '{}', '[]', false, 'cuts', 1,
    '2026-11-29 12:00:00+00:00', '2026-11-29 12:00:00+00:00', '2026-11-29 12:00:00+00:00', 0)
    """


def test_the_files_tell_the_same_revisions_as_alembic() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    ordered = [script.revision for script in scripts.walk_revisions()][::-1]
    assert known_revisions() == ordered, "a migration's file isn't named by its revision, or not in order"
    assert scripts.get_heads() == [known_revisions()[-1]]


async def test_a_new_database_has_the_tables_that_all_migrations_make(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(create)
        new = await connection.run_sync(structure)
        await connection.run_sync(drop_all)
        await connection.run_sync(upgrade, "head")
        migrated = await connection.run_sync(structure)
    await engine.dispose()
    assert new.keys() == migrated.keys()
    for table, parts in new.items():
        assert parts == migrated[table], f"the table {table} differs: a migration is missing, or wrong"


def structure(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return all that makes a difference in tables; a default only matters to rows older than the column."""
    seen = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"])
                for column in seen.get_columns(table)
            },
            "indexes": {
                index["name"]: (index["column_names"], index["unique"], condition_of(index))
                for index in seen.get_indexes(table)
            },
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": seen.get_foreign_keys(table),
            "unique": seen.get_unique_constraints(table),
            "checks": seen.get_check_constraints(table),
            "rows": connection.execute(text(f"SELECT * FROM {table}")).all(),  # noqa: S608 ours
        }
        for table in seen.get_table_names()
    }


def condition_of(index: Any) -> str:
    """Return what the rows of a partial index have in common."""
    options: dict[str, object] = index.get("dialect_options", {})
    return next((str(value) for name, value in options.items() if name.endswith("_where")), "")


def drop_all(connection: Connection) -> None:
    """Drop all tables."""
    tables = MetaData()
    tables.reflect(connection)
    tables.drop_all(connection)


async def test_strikes_given_before_0018_fade_as_their_servers_rules_said_and_used_releases_stay_used(
    empty_url: str,
) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, "0016")
        for statement in OF_0016:
            await connection.execute(text(statement.replace(":", "\\:")))
    await engine.dispose()
    async with open_database(empty_url) as database:  # brings the tables up to date
        strikes = await database.read(
            lambda session: session.scalars(select(StrikeRow).order_by(StrikeRow.guild_id)).all()
        )
        appeal = await database.read(lambda session: session.scalars(select(AppealRow)).one())
    assert [row.created_at for row in strikes] == [GIVEN_AT] * 3
    assert [row.fades_at - row.created_at for row in strikes] == [timedelta(days=days) for days in (3, 7, 7)]
    assert [row.appeal_id for row in strikes] == [None] * 3
    assert (appeal.decision, appeal.used_by) == (AppealDecision.ALLOW, None)
    assert appeal.used_at is not None


async def test_nothing_that_was_requested_before_0019_waits_for_moderators(empty_url: str) -> None:
    await write_older(empty_url, "0018", OF_0018)
    async with open_database(empty_url) as database:
        row = await database.read(lambda session: session.scalars(select(Generation)).one())
        assert (row.review_id, row.review_until, is_in_review(row)) == (None, None, False)
        queue = GenerationQueue(database, "one", max_running=1, lease=timedelta(minutes=1))
        assert [claimed.id for claimed in await queue.claim(1)] == [row.id]


async def test_films_of_before_0023_are_joined_with_cuts(empty_url: str) -> None:
    await write_older(empty_url, "0022", OF_0022)
    async with open_database(empty_url) as database:
        row = await database.read(lambda session: session.scalars(select(FilmRow)).one())
    assert row.transition is Transition.CUT


async def test_nothing_is_left_to_delete_of_what_was_removed_before_0024(empty_url: str) -> None:
    await write_older(empty_url, "0018", OF_0018)
    async with open_database(empty_url) as database:
        row = await database.read(lambda session: session.scalars(select(Generation)).one())
    assert row.take_down_at is None


async def write_older(url: str, revision: str, rows: str) -> None:
    """Make a database as it was at a revision, with what an SQL statement writes."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, revision)
        await connection.execute(text(rows.replace(":", "\\:")))
    await engine.dispose()


def upgrade(connection: Connection, revision: str) -> None:
    """Make the tables of then."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def test_what_others_keep_in_the_database_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "veo.db"
    url = f"sqlite+aiosqlite:///{path}"
    async with open_database(url):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:  # as an extension that only they load
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql)"
            "VALUES ('table', 'search', 'search', 0, 'CREATE VIRTUAL TABLE search USING theirs (words)')"
        )
    async with open_database(url):
        pass
    assert (await examine_schema(url)).fit is Fit.CURRENT
