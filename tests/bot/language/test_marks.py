"""Every text that a person can read is marked for translation, so that `make translations` finds it."""

import ast
from pathlib import Path

import pytest

from docs.marked_texts import calls_of, literals_of, marked_texts, name_of
from tests.bot.language.bare import bare_texts
from tests.bot.language.messages import forms_of, placeholders, template, texts_of

ROOT = Path(__file__).parents[3]

# What nobody reads on Discord: modules, by what is in them instead.
SILENT = {
    "bot/cli.py": "the command line",
    "bot/log.py": "the log",
    "bot/serve.py": "the log",
    "bot/settings.py": "the operator's settings",
    "bot/terminal.py": "the command line",
    "bot/media/encoding.py": "errors for the log",
    "bot/media/files.py": "errors for the log",
    "bot/media/fit_plan.py": "errors for the log",
    "bot/media/fitting.py": "errors for the log",
    "bot/media/upload_limits.py": "the operator's settings",
    "bot/veo/client.py": "errors for the log and the command line",
    "bot/veo/errors.py": "errors for the log and the command line",
    "bot/migrations": "what Alembic reads",
    "bot/operating/backup.py": "the command line",
    "bot/media/confinement.py": "a shell's words",
    "bot/operating/database_checks.py": "the command line",
    "bot/operating/discord_api.py": "the command line",
    "bot/operating/discord_checks.py": "the command line",
    "bot/operating/doctor.py": "the command line",
    "bot/operating/machine.py": "the command line",
    "bot/operating/ownership.py": "the log",
    "bot/operating/report.py": "the command line",
    "bot/storage": "the command line, and SQL",
    "bot/veo/downloads.py": "errors for the log",
    "bot/watch": "the log and the figures",
}
# Texts that are the same in every language, or that no member reads.
ALLOWED = {
    "bot/admission/spans.py": {"no limit": "what is understood", "no budget": "what is understood"},
    "bot/database.py": {
        "disk is full": "SQLite's own words",
        "No space left": "PostgreSQL's own words",
        "The database was written by a newer version of this program, which this one does not understand. "
        "Nothing was changed. Run that version again, or put back the backup from before the upgrade.": (
            "for operators"
        ),
        "The address ": "for operators",
        "the database cannot be read": "for the log",
        "the database cannot be written": "for the log",
    },
    "bot/models.py": {"delivered_at IS NULL OR late_until IS NOT NULL": "SQL"},
    "bot/media/pictures.py": {
        "not one of the known signatures": "for the log",
        "it moves": "for the log",
    },
    "bot/moderation/checkup.py": {"a video as most people ask for": "a prompt that is never sent"},
    "bot/moderation/report_decisions.py": {
        "Video ": "written down, so in English",
        " was reported.": "the same",
    },
    "bot/work/delivery.py": {
        "a file of ": "for the log",
        " bytes was refused as too large": "the same",
    },
    "bot/work/runner.py": {"renew leases": "a task's name"},
    "bot/work/steps/polling.py": {"late, and still not ready": "for the log"},
    "bot/work/steps/submission.py": {
        "not in the provider's log": "for the log",
        "the provider takes nothing at the moment": "for the log",
    },
    "bot/usage/charts.py": {"lower center": "matplotlib's name of a place"},
    "bot/app.py": {"this process has another role": "a fault of ours"},
    "bot/composition/shared.py": {"The folder ": "for operators", " cannot be used: ": "for operators"},
    "bot/notes.py": {"commands of ": "a note's name"},
    "bot/timing/timetable.py": {"durations of videos": "a note's name"},
    "cogs/menus.py": {
        "Make a video that begins with a message's picture": "for the README",
        "Make a video with a message's text as the prompt": "for the README",
    },
    "cogs/ui/delivery.py": {
        "every place refused the message": "for the log",
        "no direct message either: ": "for the log",
    },
    "bot/timing/refresh.py": {" cannot be fetched": "for the log", " can be fetched again": "for the log"},
}


def name_of_module(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


MODULES = sorted(
    path
    for folder in ("bot", "cogs")
    for path in (ROOT / folder).rglob("*.py")
    if not name_of_module(path).startswith(tuple(SILENT))
)


@pytest.mark.parametrize("path", MODULES, ids=name_of_module)
def test_every_text_of_a_module_is_marked(path: Path) -> None:
    commands = [message for message in texts_of(template()) if ("commands", None) in message.locations]
    known = frozenset(form for message in commands for form in forms_of(message.id))
    allowed = ALLOWED.get(name_of_module(path), {})
    assert bare_texts(path, known | allowed.keys()) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of_module)
def test_a_mark_has_a_literal_or_a_name_of_one(path: Path) -> None:
    for call in calls_of(ast.parse(path.read_text(encoding="utf-8"))):
        is_of_table = name_of(call) == "_" and isinstance(
            call.args[0], ast.Subscript | ast.Name | ast.Attribute | ast.Call | ast.IfExp
        )
        assert is_of_table or None not in literals_of(call), f"line {call.lineno}: no literal"


@pytest.mark.parametrize("path", MODULES, ids=name_of_module)
def test_a_mark_gives_the_values_that_its_text_names(path: Path) -> None:
    for call in calls_of(ast.parse(path.read_text(encoding="utf-8"))):
        texts = [text for text in literals_of(call) if text is not None]
        given = {keyword.arg for keyword in call.keywords}
        if name_of(call) == "N_" or not texts or None in given:
            continue
        own = {"count"} if name_of(call) == "ngettext" else set[str]()
        named = placeholders(texts[-1]) - own
        assert named <= given, f"line {call.lineno}: a value is missing"
        assert given <= named | own, f"line {call.lineno}: a value is not used"


def test_every_exception_is_still_needed() -> None:
    for name, texts in ALLOWED.items():
        source = (ROOT / name).read_text(encoding="utf-8")
        literals = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
        assert texts.keys() <= literals, name
    assert all((ROOT / name).exists() for name in SILENT)


def test_marks_are_found_wherever_they_are() -> None:
    source = """
# Translators: said
# to nobody
_("one")
TABLE = {1: N_("two")}
text = f"{_('three')} and {ngettext('{count} four', '{count} fours', 4)}"
_(
    # Translators: with a value
    "{five} five",
    five=pgettext("button", "six"),
)
_(TABLE[1])
"""
    found = [(text.forms, text.context, text.comments) for text in marked_texts(source)]
    assert found == [
        (("one",), None, ("Translators: said", "to nobody")),
        (("two",), None, ()),
        (("three",), None, ()),
        (("{count} four", "{count} fours"), None, ()),
        (("{five} five",), None, ("Translators: with a value",)),
        (("six",), "button", ()),
    ]


def test_bare_texts_are_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""A docstring is no text."""\n'
        'log.info("nor is a log")\n'
        'say(_("This is marked."), "This is not.", f"{x} neither this", label="Nor", other="This")\n',
        encoding="utf-8",
    )
    found = bare_texts(module, frozenset())
    assert sorted(text.split(" ", 1)[1] for text in found) == ["' neither this'", "'Nor'", "'This is not.'"]
