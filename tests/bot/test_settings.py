"""The settings: where they come from, and what is said about bad ones."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app.application import timing_of
from bot.clock import utc_now
from bot.db.addresses import checked_address
from bot.doctor.settings_checks import inspect_settings
from bot.provider.catalogue import CATALOGUE
from bot.provider_settings import ProviderSettings
from bot.settings import (
    Settings,
    SettingsError,
    load_provider_settings,
    load_settings,
    names_in_env_file,
)
from bot.sharding import Shards

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET = "sk-very-secret-0123456789"
REQUIRED = {"DISCORD_TOKEN": "token", "AIMLAPI_KEY": "key"}

Load = Callable[[], ProviderSettings]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stand in an empty folder, with none of our names in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def set_environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in {**REQUIRED, **values}.items():
        monkeypatch.setenv(name, value)


def problems_of(load: Load = load_settings) -> list[str]:
    with pytest.raises(SettingsError) as failure:
        load()
    return failure.value.problems


def example_values() -> dict[str, str]:
    """Return every setting that the example names, whether it is commented out or not."""
    pattern = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)
    ours, *_ = EXAMPLE.read_text(encoding="utf-8").partition("# For Docker Compose alone")
    return dict(pattern.findall(ours))


def test_the_example_shows_the_true_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch)
    untouched = load_settings()
    lines = [f"{name}={value}" for name, value in example_values().items() if name not in REQUIRED]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert load_settings() == untouched
    for name, field in Settings.model_fields.items():
        is_shown_empty = example_values()[name.upper()] == ""
        assert is_shown_empty == (field.is_required() or field.default in {"", None}), name


def test_a_copied_example_asks_for_the_two_secrets_only(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert sorted(problems_of()) == ["AIMLAPI_KEY: is missing", "DISCORD_TOKEN: is missing"]


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAX_RUNNING=3\nPOLL_INTERVAL=7\n", encoding="utf-8")
    set_environment(monkeypatch, MAX_RUNNING="4")
    settings = load_settings()
    assert (settings.max_running, settings.poll_interval) == (4, 7)


def test_unknown_names_in_the_file_do_not_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=veo\n", encoding="utf-8")
    set_environment(monkeypatch)
    load_settings()


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_secret_counts_as_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_environment(monkeypatch, **{name: ""})
    assert problems_of() == [f"{name}: is missing"]


@pytest.mark.parametrize(
    "name", [name.upper() for name in Settings.model_fields if name.upper() not in REQUIRED]
)
def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_environment(monkeypatch)
    untouched = load_settings()
    set_environment(monkeypatch, **{name: ""})
    assert load_settings() == untouched


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("", [model.id for model in CATALOGUE]),
        (" , ", [model.id for model in CATALOGUE]),
        ("google/veo3", ["google/veo3"]),
        (
            "VEO 3 fast, google/VEO-3.0-i2v , Veo 3",
            [
                "google/veo-3.0-fast",
                "google/veo-3.0-i2v-fast",
                "google/veo-3.0-i2v",
                "google/veo3",
            ],
        ),
        ("Veo 3.1 from two images", ["google/veo-3.1-first-last-image-to-video"]),
    ],
)
def test_models_are_named_in_an_order(monkeypatch: pytest.MonkeyPatch, value: str, ids: list[str]) -> None:
    set_environment(monkeypatch, MODELS=value)
    assert [model.id for model in load_settings().offered_models] == ids
    assert load_provider_settings().offered_models == load_settings().offered_models


DURATIONS = ("POLL_INTERVAL", "GENERATION_DEADLINE", "LEASE_SECONDS")
BAD_VALUES = [
    ("DISCORD_TOKEN", f"{SECRET} "),
    ("DISCORD_TOKEN", f"Bot {SECRET}"),
    ("DISCORD_TOKEN", f"{SECRET}\n"),
    ("AIMLAPI_KEY", f"{SECRET}é"),
    ("AIMLAPI_KEY", f"\u201c{SECRET}\u201d"),
    ("AIMLAPI_BASE_URL", SECRET),
    ("AIMLAPI_BASE_URL", f"ftp://{SECRET}"),
    ("AIMLAPI_BASE_URL", f"https:///{SECRET}"),
    ("AIMLAPI_BASE_URL", f"https://{SECRET}:99999999"),
    ("AIMLAPI_LEGACY_URLS", SECRET),
    ("POLL_INTERVAL", SECRET),
    ("POLL_INTERVAL", "0"),
    ("POLL_INTERVAL", "-1"),
    ("POLL_INTERVAL", "61"),
    ("GENERATION_DEADLINE", SECRET),
    ("GENERATION_DEADLINE", "0"),
    ("GENERATION_DEADLINE", "86401"),
    *((name, value) for name in DURATIONS for value in ("inf", "-inf", "nan", "1e300")),
    ("LEASE_SECONDS", "0.9"),
    ("LEASE_SECONDS", "3601"),
    ("DATA_DIR", f"/srv/{SECRET}?mode=memory"),
    ("DATABASE_URL", SECRET),
    ("DATABASE_URL", f"postgresql://{SECRET}@host/db"),
    ("UPLOAD_LIMITS_MIB", SECRET),
    ("UPLOAD_LIMITS_MIB", "20"),
    ("UPLOAD_LIMITS_MIB", "50,20,50,100"),
    ("MODELS", SECRET),
    ("MODELS", f"Veo 3, {SECRET}"),
    ("MAX_RUNNING", SECRET),
    ("MAX_RUNNING", "0"),
    ("MAX_RUNNING", "1.5"),
    ("DEFAULT_DAILY_LIMIT", SECRET),
    ("DEFAULT_DAILY_LIMIT", "-1"),
    ("DISCORD_API_BASE", SECRET),
    ("DISCORD_GATEWAY_URL", f"https://{SECRET}"),
    ("ALERT_BALANCE_USD", "-1"),
    ("ALERT_BALANCE_USD", "inf"),  # JSON has no such number: the alert could not be kept, and came every 30 s
    ("LOG_LEVEL", SECRET),
    ("LOG_FORMAT", SECRET),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_a_bad_value_is_told_in_one_line_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    set_environment(monkeypatch, **{name: value})
    (problem,) = problems_of()
    assert problem.startswith(f"{name}: ")
    assert "\n" not in problem
    assert SECRET not in problem
    assert len(problem) > len(f"{name}: must"), "it says what is wrong"
    assert "Input" not in problem, "it's the library's sentence"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://host", "must start with sqlite+aiosqlite:/// or postgresql+asyncpg://"),
        ("AIMLAPI_BASE_URL", "host", "must be an address that starts with http:// or https://"),
        (
            "MODELS",
            "Veo 3, veo 9",
            "name 2 is no model. Known: Veo 3, Veo 3 Fast, Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite, "
            "Veo 3.1 Lite Preview; or single models: "
            + ", ".join(dict.fromkeys(model.provider_name for model in CATALOGUE)),
        ),
        *(
            (
                "MODELS",
                said,
                "must have no quotes around single names, as in Veo 3.1 Fast, google/veo-3.1-t2v",
            )
            for said in ('"Veo 3", "Veo 3.1"', "Veo 3, 'Veo 3.1'", "\u201cVeo 3\u201d,Veo 3.1")
        ),
        ("MAX_RUNNING", "0", "must be at least 1"),
        ("MAX_RUNNING", "ten", "must be a whole number"),
        ("MAX_RUNNING", "1.5", "must be a whole number"),
        ("SHARD_COUNT", "9" * 5000, "must be a whole number"),
        ("POLL_INTERVAL", "1,5", "must be a number"),
        ("POLL_INTERVAL", "0", "must be more than 0"),
        ("HTTP_PORT", "70000", "must be at most 65535"),
        ("ALERT_BALANCE_USD", "nan", "must be a number"),
        ("AIMLAPI_LEGACY_URLS", "maybe", "must be true or false"),
        ("ROLE", "boss", "must be all, gateway or worker"),
        ("LOG_LEVEL", "loud", "must be DEBUG, INFO, WARNING or ERROR"),
        ("HTTP_HOST", " ", "must not be empty"),
        ("AIMLAPI_KEY", f'"{SECRET}"', 'must not have " and " around it'),
        ("DISCORD_TOKEN", f"<{SECRET}>", "must not have < and > around it"),
        ("DATABASE_URL", f"'postgresql+asyncpg://u:{SECRET}@host/veo'", "must not have ' and ' around it"),
        ("MAX_RUNNING", '"3"', 'must not have " and " around it'),
        ("DATA_DIR", "\u201cdata\u201d", "must not have \u201c and \u201d around it"),
        ("DATABASE_URL", " '{data_dir}' ", "must not have ' and ' around it"),
        *(
            (
                "DATABASE_URL",
                f"postgresql+asyncpg://u:{said}@host/veo",
                "must not have quotes, < or > around the password; URL-encode those that belong to it",
            )
            for said in (f'"{SECRET}"', f"<{SECRET}>")
        ),
        ("AIMLAPI_BASE_URL", "https://host/v2?key=1", "must end before a ? or #"),
        ("AIMLAPI_BASE_URL", "https://host#v2", "must end before a ? or #"),
        ("AIMLAPI_BASE_URL", f"https://u:{SECRET}@host", "must have no user or password in it"),
        *(
            (
                "AIMLAPI_KEY",
                said,
                "must be one word of plain characters. Copy it again without quotes or spaces",
            )
            for said in (f'"{SECRET}', f"{SECRET}'", f"[{SECRET}]", f"AIMLAPI_KEY={SECRET}", f"{SECRET}\n")
        ),
    ],
)
def test_a_bad_value_is_told_in_a_readable_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    set_environment(monkeypatch, **{name: value})
    assert problems_of() == [f"{name}: {sentence}"]


@pytest.mark.parametrize("load", [load_settings, load_provider_settings])
@pytest.mark.parametrize(
    ("lines", "lost"),
    [
        ('# a comment\n\nMODELS="Veo 3", "Veo 3.1"\nOTHERS="a" b\n', 5),
        ('NOTE="it\nMODELS="Veo 3"\n', 4),
        ('NOTE="old\nMODELS=Veo 3\nX="y"\n', 4),
        ('MODELS=Veo 3.1\nNOTE="old\nexport MODELS=Veo 3\nX="y"\n', 5),
        ("'MODELS'='Veo 3', x\n", 3),
        ('"MODELS"="Veo 3"\n', 3),
        ("set MODELS=Veo 3\n", 3),
        ("SET MODELS=Veo 3\n", 3),
    ],
)
def test_a_line_of_the_env_file_that_would_be_left_out_is_told(
    tmp_path: Path, load: Load, lines: str, lost: int
) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN=t\nAIMLAPI_KEY=k\n{lines}", encoding="utf-8")
    [problem] = problems_of(load)
    assert problem.startswith(f"MODELS: line {lost} of .env can't be read. ")


@pytest.mark.parametrize(("name", "shown"), [("MODELS", ""), ("MODELS", "Veo 3"), ("models", "Veo 3")])
def test_only_a_value_in_the_environment_replaces_a_line_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, shown: str
) -> None:
    (tmp_path / ".env").write_text('AIMLAPI_KEY=k\nMODELS="Veo 3", x\n', encoding="utf-8")
    monkeypatch.setenv(name, shown)
    if not shown:
        assert problems_of(load_provider_settings)[0].startswith("MODELS: line 2 of .env can't be read. ")
    else:
        assert load_provider_settings().models == shown


@pytest.mark.parametrize("line", ["MODELS=Veo 3", "'MODELS'='Veo 3'", 'export MODELS="Veo 3" # ours'])
def test_the_mark_with_which_some_editors_begin_a_file_hides_no_line(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\nAIMLAPI_KEY=k\n", encoding="utf-8-sig")
    assert load_provider_settings().models == "Veo 3"
    assert "MODELS" in names_in_env_file()
    (tmp_path / ".env").write_text('MODELS="Veo 3", x\nAIMLAPI_KEY=k\n', encoding="utf-8-sig")
    assert problems_of(load_provider_settings)[0].startswith("MODELS: line 1 of .env can't be read. ")


@pytest.mark.parametrize(
    "lines",
    [
        'MODELS="Veo 3" "x"\nMODELS=Veo 3\n',
        'MODELS=\'Veo 3\'\nOTHERS="a" b\n#MODELS="a" b\n',
        'NOTE="two\n\nlines"\n\n  export MODELS = "Veo 3" # ours\n',
    ],
)
def test_a_line_that_is_replaced_or_isnt_ours_stops_nothing(tmp_path: Path, lines: str) -> None:
    (tmp_path / ".env").write_text(f"AIMLAPI_KEY=k\n{lines}", encoding="utf-8")
    assert load_provider_settings().models == "Veo 3"


def test_an_env_file_that_is_a_folder_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch)
    (tmp_path / ".env").mkdir()
    assert load_settings().models == ""


@pytest.mark.parametrize("what", ["a folder", "a link to nothing"])
def test_what_stands_in_the_env_files_place_is_told_where_a_setting_is_missing(
    tmp_path: Path, what: str
) -> None:
    file = tmp_path / ".env"
    if what == "a folder":
        file.mkdir()
    else:
        file.symlink_to("gone")
    assert problems_of(load_provider_settings) == [f"AIMLAPI_KEY: is missing, and .env is {what}"]


@pytest.mark.parametrize("load", [load_settings, load_provider_settings])
def test_an_env_file_that_is_not_utf_8_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, load: Load
) -> None:
    set_environment(monkeypatch)
    (tmp_path / ".env").write_bytes(f"# caf\u00e9 {SECRET}\nMAX_RUNNING=3\n".encode("latin-1"))
    assert problems_of(load) == [".env: must be UTF-8 text"]


@pytest.mark.parametrize("load", [load_settings, load_provider_settings])
def test_an_env_file_that_cannot_be_read_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, load: Load
) -> None:
    set_environment(monkeypatch)
    (tmp_path / ".env").symlink_to("/proc/self/mem")  # its beginning is not there, not even for root
    [problem] = problems_of(load)
    assert problem.startswith(".env: this user can't read it: ")
    inspection = inspect_settings()
    assert (inspection.settings, inspection.problems) == (None, [problem])


def test_every_longest_duration_can_be_counted_with(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = {"POLL_INTERVAL": "60", "GENERATION_DEADLINE": "86400", "LEASE_SECONDS": "3600"}
    set_environment(monkeypatch, **longest)
    settings = load_settings()
    timing = timing_of(settings)
    assert (timing.poll_interval, timing.deadline) == (timedelta(minutes=1), timedelta(days=1))
    assert utc_now() + 2 * timing.deadline < utc_now() + timedelta(days=3)


def test_a_bad_value_shows_nowhere_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, MAX_RUNNING=SECRET)
    with pytest.raises(SettingsError) as failure:
        load_settings()
    error = failure.value
    assert SECRET not in f"{error!r}{error}{error.__cause__!r}"
    assert error.__suppress_context__, "a traceback would show the value"


def test_every_problem_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AIMLAPI_KEY": "two words", "MAX_RUNNING": "0", "LOG_FORMAT": "xml"}.items():
        monkeypatch.setenv(name, value)
    names = sorted(problem.partition(":")[0] for problem in problems_of())
    assert names == ["AIMLAPI_KEY", "DISCORD_TOKEN", "LOG_FORMAT", "MAX_RUNNING"]


def test_secrets_do_not_show_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, DISCORD_TOKEN=SECRET, AIMLAPI_KEY=SECRET)
    settings = load_settings()
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert settings.aimlapi_key == SecretStr(SECRET)


@pytest.mark.parametrize("ending", ["", "/", " ", "/v1", "/V2", "/v2/", "/v2/video/generations", "/models"])
def test_the_providers_address_may_name_the_version(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    set_environment(monkeypatch, AIMLAPI_BASE_URL=f"https://api.aimlapi.com{ending}")
    assert load_settings().aimlapi_base_url == "https://api.aimlapi.com"


def test_the_terminal_command_needs_no_discord(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIMLAPI_KEY", "key")
    assert load_provider_settings().aimlapi_base_url == "https://api.aimlapi.com"
    monkeypatch.delenv("AIMLAPI_KEY")
    assert problems_of(load_provider_settings) == ["AIMLAPI_KEY: is missing"]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("aimlapi_base_url", "https://host/", "https://host"),
        ("aimlapi_base_url", "HTTPS://HOST/Path", "https://host/Path"),
        ("database_url", "sqlite+aiosqlite:///data/v.db ", SecretStr("sqlite+aiosqlite:///data/v.db")),
        ("data_dir", " data ", Path("data")),
        ("aimlapi_base_url", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("discord_api_base", "https://proxy/api/v10/", "https://proxy/api/v10"),
        ("discord_gateway_url", "wss://gateway", "wss://gateway"),
        ("aimlapi_legacy_urls", "true", True),
        ("aimlapi_legacy_urls", "0", False),
        ("default_daily_limit", "0", 0),
        ("poll_interval", "0.5", 0.5),
        ("log_level", "DEBUG", "DEBUG"),
    ],
)
def test_a_good_value_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str, kept: object) -> None:
    set_environment(monkeypatch, **{name.upper(): value})
    assert getattr(load_settings(), name) == kept


def test_the_database_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, DATA_DIR="/srv/veo")
    assert load_settings().resolved_database_url == "sqlite+aiosqlite:////srv/veo/veo.db"
    set_environment(monkeypatch, DATABASE_URL="sqlite+aiosqlite:////elsewhere/v.db")
    assert load_settings().resolved_database_url == "sqlite+aiosqlite:////elsewhere/v.db"


def test_the_database_lies_in_a_folder_of_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, DATA_DIR="/srv/50%20off #1 {x} a:b@c")
    address = load_settings().resolved_database_url
    assert checked_address(address).database == "/srv/50%20off #1 {x} a:b@c/veo.db"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"SHARD_IDS": "0"}, "SHARD_IDS: needs SHARD_COUNT, the same for all processes"),
        ({"SHARD_COUNT": "2", "SHARD_IDS": "2"}, "SHARD_IDS: must be ascending numbers from 0 to 1"),
        ({"SHARD_COUNT": "0"}, "SHARD_COUNT: "),
        ({"SHARD_COUNT": "x", "SHARD_IDS": "7"}, "SHARD_COUNT: "),
        ({"ROLE": "king"}, "ROLE: "),
    ],
)
def test_roles_and_shards_that_make_no_sense_are_explained(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], problem: str
) -> None:
    set_environment(monkeypatch, **values)
    (said,) = problems_of()
    assert said.startswith(problem)


def test_shards_are_all_where_none_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    assert load_settings().shards is None
    set_environment(monkeypatch, SHARD_COUNT="3")
    assert load_settings().shards == Shards(3, (0, 1, 2))
