"""Addresses of databases: which are taken, and that no password is ever shown."""

import pytest
from pydantic import SecretStr

from bot.db.addresses import checked_address, secrets_of, shown_address
from bot.settings import Settings, SettingsError, load_settings

PASSWORD = "a-long-password"
ADDRESS = f"postgresql+asyncpg://veo:{PASSWORD}@db.example:5433/veo"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite+aiosqlite:////srv/veo/veo.db", "/srv/veo/veo.db"),
        (ADDRESS, "db.example:5433/veo"),
        (f"{ADDRESS}?ssl=require", "db.example:5433/veo"),
        (f"postgresql+asyncpg://veo@/veo?host=/run/postgresql&password={PASSWORD}", "/run/postgresql/veo"),
        ("postgresql+asyncpg:///veo", "localhost/veo"),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert shown_address(checked_address(address)) == shown


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "must start with sqlite"),
        ("sqlite:///veo.db", "must start with sqlite"),
        ("sqlite+aiosqlite://veo.db", "must start with sqlite"),
        (f"postgres://veo:{PASSWORD}@host/veo", "must start with sqlite"),
        (f"postgresql://veo:{PASSWORD}@host/veo", "must start with sqlite"),
        (f"mysql://veo:{PASSWORD}@host/veo", "must start with sqlite"),
        (f"postgresql+asyncpg://veo:{PASSWORD}@@host/veo", "more than one @"),
        (f"postgresql+asyncpg://veo:{PASSWORD}@host", "names no database"),
        (f"postgresql+asyncpg://veo:{PASSWORD}@host/", "names no database"),
        (f"postgresql+asyncpg://veo:{PASSWORD}@host:port/veo", "must have the form"),
        (f"{ADDRESS}?sslmode=require", r"use ssl instead"),
        (f"postgresql+asyncpg://veo:{PASSWORD}@host:99999/veo", "must have the form"),
        (f"{ADDRESS}?prepared_statement_cache_size={PASSWORD}", "must have the form"),
        (f"sqlite+aiosqlite:///veo.db?timeout={PASSWORD}", "invalid value"),
        ("sqlite+aiosqlite:///", "names no file"),
        ("sqlite+aiosqlite:///:memory:", "names no file"),
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_it(address: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as failure:
        checked_address(address)
    assert PASSWORD not in f"{failure.value}{failure.value.__cause__}"
    assert failure.value.__suppress_context__ or failure.value.__context__ is None


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        (ADDRESS, {PASSWORD, ADDRESS, f":{PASSWORD}@"}),
        ("postgresql+asyncpg://veo:long%40word@host/veo", {"long@word", "long%40word"}),
        (f"postgresql+asyncpg://veo@/veo?host=/run&password={PASSWORD}", {PASSWORD}),
        ("postgresql+asyncpg://veo:veo@host/veo", {":veo@"}),
    ],
)
def test_passwords_are_blotted_out_of_the_log(address: str, hidden: set[str]) -> None:
    assert hidden <= set(secrets_of(address))


def test_a_short_password_does_not_blot_out_every_word_like_it() -> None:
    assert "veo" not in secrets_of("postgresql+asyncpg://veo:veo@host/veo")


def test_what_is_no_secret_is_not_blotted_out() -> None:
    assert secrets_of("sqlite+aiosqlite:///data/veo.db") == []
    assert secrets_of("postgresql+asyncpg://veo@host/veo") == []


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with everything that is required."""
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("AIMLAPI_KEY", "key")
    return monkeypatch


def test_the_address_is_a_secret_of_the_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", ADDRESS)
    settings = load_settings()
    assert settings.resolved_database_url == ADDRESS
    assert PASSWORD not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert {SecretStr(PASSWORD), settings.discord_token, settings.aimlapi_key} <= set(settings.secrets)


def test_an_address_that_is_wrong_is_told_without_showing_it(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", f"postgres://veo:{PASSWORD}@host/veo")
    with pytest.raises(SettingsError) as failure:
        load_settings()
    assert failure.value.problems == [
        "DATABASE_URL: must start with sqlite+aiosqlite:/// or postgresql+asyncpg://"
    ]


def test_the_default_is_a_file() -> None:
    default = Settings.model_fields["database_url"].default
    assert default.get_secret_value() == "sqlite+aiosqlite:///{data_dir}/veo.db"
