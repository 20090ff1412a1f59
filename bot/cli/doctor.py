"""`veo-bot doctor`: everything the bot needs, checked from outside; the findings as text and as JSON."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cli.exits import EXIT_FAILED
from bot.doctor.check_result import CheckResult
from bot.doctor.examine import Section, examine
from bot.log import configure_logging

TIMESTAMP = re.compile(r"<t:(\d+):R>")  # as Discord shows times
STYLES = {"good": "green", "warning": "bold yellow", "bad": "bold red"}
app = typer.Typer()


def verdict_of(finding: CheckResult) -> str:
    """Return "good", "warning" or "bad"."""
    if finding.is_good:
        return "good"
    return "warning" if finding.is_warning else "bad"


def is_healthy(sections: Sequence[Section]) -> bool:
    """Whether nothing is bad."""
    return _count(sections, "bad") == 0


def render_text(sections: Sequence[Section]) -> Text:
    """Return the list; each line says in a word and by its colour how it is, and what to do."""
    text = Text()
    for section in sections:
        text.append(f"{section.name}\n", "bold")
        for finding in section.findings:
            verdict = verdict_of(finding)
            text.append(f"  {verdict:<8} ", STYLES[verdict]).append(f"{_plain(finding.what)}\n")
            if todo := _todo(finding):
                text.append(f"           → {todo}\n")
    return text.append(f"\n{_summary(sections)}")


def render_json(sections: Sequence[Section]) -> str:
    """Return the list for programs: `good`, `bad` and `warnings` count, `findings` has all of them."""
    findings = [
        {
            "section": section.name,
            "verdict": verdict_of(finding),
            "what": _plain(finding.what),
            "todo": _todo(finding),
        }
        for section in sections
        for finding in section.findings
    ]
    counts = {"bad": _count(sections, "bad"), "warnings": _count(sections, "warning")}
    document = {"good": is_healthy(sections), **counts, "findings": findings}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _summary(sections: Sequence[Section]) -> str:
    bad, warnings = _count(sections, "bad"), _count(sections, "warning")
    total = sum(len(section.findings) for section in sections)
    if not bad and not warnings:
        return f"Everything works ({total} checks)."
    return f"{total} checks: {bad} failed, {warnings} with a warning."


def _count(sections: Sequence[Section], verdict: str) -> int:
    findings = chain.from_iterable(section.findings for section in sections)
    return sum(verdict_of(finding) == verdict for finding in findings)


def _todo(finding: CheckResult) -> str:
    return "" if finding.is_good else _plain(finding.remedy or finding.advice)


def _plain(text: str) -> str:
    """Return `text` as an operator reads it in a terminal: with plain times and the provider's usual name."""
    text = text.replace("he video service", "he provider")  # as moderators know it
    return TIMESTAMP.sub(
        lambda found: f"{datetime.fromtimestamp(int(found[1]), UTC):%Y-%m-%d %H:%M} UTC", text
    )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 an option
) -> None:
    """Check settings, files, database, ffmpeg, the provider and Discord; exit code 1 if a check fails.

    You can run it while the bot is running. It costs nothing and creates no database.
    """
    configure_logging("ERROR", "text")
    sections = asyncio.run(examine())
    if as_json:
        typer.echo(render_json(sections))
    else:
        Console().print(render_text(sections), soft_wrap=True)
    if not is_healthy(sections):
        raise typer.Exit(EXIT_FAILED)
