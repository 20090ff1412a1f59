"""The commands that documents show, for a shell and for Discord: they must be there to be used."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path

import typer.main
from typer.core import TyperGroup
from typer.exceptions import Exit, TyperException

from bot.cli.main import app
from docs.command_tables import Command, load_commands
from tests.lint.compose import Compose
from tests.lint.findings import Check, Findings
from tests.lint.pages import Page, Shown, pages

# Code between words that begins so is a command for a shell.
FIRST = re.compile(r"(?:sudo |\w+=\S* )*(?:make\b|(?:\S*/)?veo-bot|docker compose|(?:\S*/)?python3? )")
FILES = re.compile(r"(?:bot|cogs|sandbox|tests|benchmarks|docs|deploy)/[\w/.]*\w")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
ASSIGNMENT = re.compile(r"\w+=")
BREAKS = re.compile(r"[();<>|&]+|[{}!]")
PROFILES = re.compile(r"COMPOSE_PROFILES=([\w,]+)")
SLASH = re.compile(r"/([a-z][a-z-]*)((?: [a-z][a-z-]*(?!\w*:))*)((?: .*)?)$")
OPTION = re.compile(r"(\w+): ?((?:(?! \w+:).)*)")
NO_COMMANDS = frozenset({"/healthz", "/readyz", "/metrics", "/data"})  # though they begin with a slash
PLACEHOLDER = "…"

# How Docker Compose's own commands go on: with services, with one and its command, or with neither.
OF_SERVICES = frozenset({"build", "logs", "ps", "pull", "restart", "start", "stop", "up"})
IN_SERVICE = frozenset({"exec", "run"})
OTHERS = frozenset({"cp", "down", "version"})
WITH_VALUE = frozenset({"--entrypoint", "--scale"})


def every_shell_command_can_be_typed(root: Path) -> Findings:
    """Find a command for a shell with a target, an option, a service or a file that is not there."""
    services = Compose(root).services
    targets = set(TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))
    for page in pages(root):
        for shown in _commands_of(page):
            problems = _problems_of_shell(shown.text, root, targets, services)
            yield from (page.found(problem, shown.line) for problem in problems)


def every_profile_is_one_of_compose(root: Path) -> Findings:
    """Find a profile of Docker Compose that no service is in."""
    known = {name for service in Compose(root).services.values() for name in service["profiles"]}
    for page in pages(root):
        for found in PROFILES.finditer(page.text):
            for name in sorted(set(found[1].split(",")) - known):
                yield page.found(f"No service is in the profile {name}.", found[0])


def every_command_for_discord_is_there_with_its_options(root: Path) -> Findings:
    """Find a slash command that is none, or that has no such option or choice."""
    commands = {command.qualified_name: command for command in load_commands()[0]}
    for page in pages(root):
        for span in page.spans():
            found = SLASH.match(span.text)
            if not found or span.text in NO_COMMANDS:
                continue
            name = _longest_name(f"{found[1]}{found[2]}", commands)
            is_group = any(known.startswith(f"{span.text[1:]} ") for known in commands)
            if name not in commands and not is_group:
                yield page.found(f"There is no command {span.text}.", span.line)
            elif name in commands:
                problems = _wrong_options(commands[name], found[3])
                yield from (page.found(problem, span.line) for problem in problems)


def _wrong_options(command: Command, typed: str) -> Iterator[str]:
    options = {option.display_name: option for option in command.parameters}
    for name, value in OPTION.findall(typed):
        if name not in options:
            yield f"/{command.qualified_name} has no option {name}."
        elif options[name].choices and value not in {*(c.name for c in options[name].choices), PLACEHOLDER}:
            yield f"The option {name} of /{command.qualified_name} cannot be {value}."


def _longest_name(words: str, commands: Mapping[str, object]) -> str:
    """Return the command that the words begin with; empty: none."""
    parts = words.split()
    names = (" ".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((name for name in names if name in commands), "")


def _commands_of(page: Page) -> Iterator[Shown]:
    yield from page.blocks("sh")
    yield from (span for span in page.spans() if FIRST.match(span.text))


def _problems_of_shell(
    text: str, root: Path, targets: set[str], services: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    try:
        commands = list(_simple_commands(text))
    except ValueError as error:
        yield f"No shell can read {text}: {error}."
        return
    for words in commands:
        yield from _problems(words, root, targets, services)


def _simple_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in a piece of shell, without assignments and `sudo` before it."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if not BREAKS.fullmatch(word):
                words.append(word)
            elif words:
                yield _bare(words)
                words = []


def _bare(words: list[str]) -> list[str]:
    while words and (words[0] in {"sudo", "export"} or ASSIGNMENT.match(words[0])):
        words = words[1:]
    return words


def _problems(
    words: list[str], root: Path, targets: set[str], services: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    match words:
        case ["make", *rest]:
            names = [word for word in rest if not word.startswith("-") and not ASSIGNMENT.match(word)]
            yield from (f"The Makefile has no target {name}." for name in names if name not in targets)
        case ["docker", "compose", *rest]:
            yield from _problems_of_compose(rest, services)
        case [program, *rest] if Path(program).name == "veo-bot":
            yield from _problems_of_ours(rest)
        case _:
            if words[1:2] == ["-m"] and words[2:3] == ["bot"]:
                yield from _problems_of_ours(words[3:])
            named = [word.partition("::")[0] for word in words if FILES.fullmatch(word.partition("::")[0])]
            yield from (f"There is no file {name}." for name in named if not (root / name).exists())


def _problems_of_compose(words: list[str], services: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    verb, *rest = words or [""]
    if verb not in OF_SERVICES | IN_SERVICE | OTHERS:
        yield f"No command of Docker Compose is expected here: {verb}."
        return
    after = _after_options(rest)
    scaled = [value.partition("=")[0] for option, value in pairwise(rest) if option == "--scale"]
    named = after if verb in OF_SERVICES else after[:1] if verb in IN_SERVICE else []
    yield from (f"compose.yaml has no service {name}." for name in [*scaled, *named] if name not in services)
    inner = after[1:]
    if verb == "run" and "--entrypoint" not in rest:
        yield from _problems_of_ours(inner)
    elif verb in IN_SERVICE and inner[1:3] == ["-m", "bot"]:
        yield from _problems_of_ours(inner[3:])


def _after_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in WITH_VALUE else words[1:]
    return words


def _problems_of_ours(words: list[str]) -> Iterator[str]:
    """Let the program's own parser read its command line; what it prints is of no interest."""
    if not words or words[0] == "$@":
        return
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    name, *rest = words
    try:
        with redirect_stdout(StringIO()):
            if name.startswith("-"):
                group.make_context("veo-bot", words)
            elif name in group.commands:
                group.commands[name].make_context(name, rest).close()
            else:
                yield f"veo-bot has no command {name}."
    except Exit:
        return
    except TyperException as error:
        yield f"veo-bot {shlex.join(words)}: {error}"


CHECKS: tuple[Check, ...] = (
    every_shell_command_can_be_typed,
    every_profile_is_one_of_compose,
    every_command_for_discord_is_there_with_its_options,
)
