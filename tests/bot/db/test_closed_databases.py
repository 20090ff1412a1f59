"""A database in which the bot can't make its tables: the start says what to do, and the doctor before."""

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.db.database import DatabaseError, open_database
from bot.db.schema_fit import Fit, examine_schema
from bot.doctor.checks import check_writing
from bot.doctor.database_checks import check_schema
from tests.postgres import Postgres, connect

NO_RIGHT = "CREATE ROLE {name} LOGIN; GRANT CONNECT ON DATABASE {database} TO {name}"
NO_SCHEMA = f"{NO_RIGHT}; ALTER ROLE {{name}} IN DATABASE {{database}} SET search_path = nowhere"


@pytest.mark.parametrize(
    ("statements", "found", "said"),
    [
        pytest.param(
            NO_RIGHT,
            "this user may not create tables in its schema public",
            "permission denied for schema public. Let that user own the database and its tables",
            id="no right to create",
        ),
        pytest.param(
            NO_SCHEMA,
            "it has none of the schemas that search_path names",
            "has none of the schemas that search_path names. Create one.",
            id="no schema",
        ),
        pytest.param(
            f"{NO_RIGHT}; ALTER DATABASE {{database}} OWNER TO {{name}}; "
            "ALTER ROLE {name} SET default_transaction_read_only = on",
            "it takes no writes",
            None,  # the start waits: another server may be taking over
            id="no writes",
        ),
    ],
)
async def test_a_server_that_lets_the_bot_make_no_tables_is_found_before_the_first_start(
    postgres: Postgres, request: pytest.FixtureRequest, statements: str, found: str, said: str | None
) -> None:
    url = make_url(postgres.new())
    name = f"closed_{request.node.callspec.id.replace(' ', '_')}"
    async with connect(url) as connection:
        await connection.execute(statements.format(name=name, database=url.database))
    address = url.set(username=name).render_as_string(hide_password=False)
    schema = await examine_schema(address)
    assert (schema.fit, schema.reason) == (Fit.CLOSED, found)
    finding = check_schema(schema)
    assert not finding.is_good
    assert finding.remedy
    if said is not None:
        with pytest.raises(DatabaseError) as refusal:
            async with open_database(address):
                pass
        assert said in str(refusal.value)


async def test_a_server_where_the_bot_owns_its_database_is_open(postgres: Postgres) -> None:
    url = make_url(postgres.new())
    async with connect(url) as connection:
        await connection.execute(
            f"CREATE ROLE closed_owner LOGIN; ALTER DATABASE {url.database} OWNER TO closed_owner"
        )
    address = url.set(username="closed_owner").render_as_string(hide_password=False)
    assert (await examine_schema(address)).fit is Fit.ABSENT
    async with open_database(address):
        pass
    assert (await examine_schema(address)).fit is Fit.CURRENT


async def test_a_file_that_cannot_be_made_is_found_before_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("a file where a folder should be")
    schema = await examine_schema(f"sqlite+aiosqlite:///{tmp_path}/letter/veo.db")
    assert (schema.fit, schema.reason) == (Fit.CLOSED, f"{tmp_path / 'letter'} isn't a folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_of_another_user_is_found_before_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    schema = await examine_schema(f"sqlite+aiosqlite:///{tmp_path}/closed/veo.db")
    assert (schema.fit, schema.reason) == (Fit.CLOSED, f"this user can't write to {tmp_path / 'closed'}")


async def test_the_operator_reads_why_a_database_takes_no_writes(postgres: Postgres) -> None:
    address = postgres.new()
    async with open_database(address) as database, connect(address) as connection:
        name = make_url(address).database
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        others = "FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
        await connection.execute(f"SELECT pg_terminate_backend(pid) {others}", name)
        finding = await check_writing(database)
    assert not finding.is_good
    assert "read-only transaction" in finding.remedy
