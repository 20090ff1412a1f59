"""The texts before imported rules, a blocked word or settings are saved, and after an import. Pure text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import LiteralString

from bot.escape import plain
from bot.i18n import N_, _, format_and, ngettext
from bot.moderation.importing import SERVER_LENGTH
from bot.moderation.matching import Imported, Kind, LeftOut, Why
from bot.moderation.snapshots import snapshot_of_import, snapshot_of_settings
from bot.policy.documents import LimitKind, Policy, Scope
from bot.preview.comparison import Comparison
from bot.preview.proposal import REFUSING, NewSettings, narrows
from bot.preview.service import Preview
from bot.provider.catalogue import Model
from cogs.moderation.review_setting import review_notes
from cogs.moderation.server_settings import SETTINGS, setting_changes
from cogs.moderation.settings_text import possibility_notes, shown_word
from cogs.moderation.undo_text import import_changes, import_changes_in_full
from cogs.quota.preview_text import (
    changed_meanwhile,
    comparison_lines,
    cut_lines,
    expiry_line,
    most_affected,
    result_text,
)
from cogs.quota.rules_text import default_line
from cogs.ui.lists import MESSAGE_MAX_LENGTH, first_of

NAME_LENGTH = 30  # characters of a name from the file; escaped it may be twice as long
MORE_LENGTH = 20  # characters of how many more there are
NAMES_LENGTH = 80  # characters of names in one line
AROUND_LINE = 3  # characters of a list's line besides its text

LEFT_OUT: Mapping[Why, LiteralString] = {
    Why.MISSING: N_("⚠️ Left out, because this server doesn't have them: {names}"),
    Why.AMBIGUOUS: N_("⚠️ Left out, because the name isn't unique: {names}"),
    Why.UNWRITABLE: N_("⚠️ Left out, because I can't post there: {names}"),
}
PREFIXES: Mapping[Kind, str] = {Kind.ROLE: "@", Kind.CHANNEL: "#", Kind.MODEL: ""}


def import_text(preview: Preview, imported: Imported, *, is_cut: bool = False) -> str:
    """Return what an import would change, what is left out, and what its limits would have done.

    `is_cut`: it isn't all of that, and all of it is in a file.
    """
    in_file = [_("-# The attached file has all of it.")] * is_cut
    changes = changes_of(preview)
    heading = _("📥 **Rules of “{server}”**", server=plain(imported.server, SERVER_LENGTH))
    above = [changed_meanwhile()] * preview.is_changed + [heading]
    if not changes:
        nothing = _("Nothing would change: this server already has them.")
        return "\n".join([*above, nothing, *_left_out(imported, NAMES_LENGTH), *in_file])
    below, room = list[str](), 0
    for length in (NAMES_LENGTH, 1):  # names that are left out are cut before changes are
        below = [*_left_out(imported, length), *in_file, *_consequences(preview)]
        room = MESSAGE_MAX_LENGTH - sum(len(line) + 1 for line in (*above, *below)) - MORE_LENGTH
        if sum(len(change) + AROUND_LINE for change in changes) <= room:
            break
    return "\n".join([*above, *(f"- {each}" for each in first_of(changes, room, AROUND_LINE)), *below])


def all_of_import(preview: Preview, imported: Imported) -> list[str]:
    """Return all that an import would change, and all that is left out, as the lines of a file."""
    snapshot = snapshot_of_import(preview.policy, preview.changed)
    changes = import_changes_in_full(snapshot(preview.policy), snapshot(preview.changed))
    return [*changes, *_left_out(imported)]


def says_all(text: str, lines: Sequence[str]) -> bool:
    """Whether a text has all lines of a file, but for what escapes them."""
    bare = text.replace("\\", "").replace("\u200b", "")
    return all(line.replace("\\", "") in bare for line in lines)


def _consequences(preview: Preview) -> Iterator[str]:
    yield from _about_default(preview)
    yield from review_notes(preview.policy, preview.changed)
    yield from comparison_lines(preview.comparison)
    if preview.comparison.requests and _refuses_more(preview.policy, preview.changed):
        yield _(
            "-# These numbers are for limits and budgets. What the blocked words and settings would have "
            "refused isn't included."
        )
    yield expiry_line(preview.kept)


def _refuses_more(old: Policy, new: Policy) -> bool:
    """Whether words or settings would refuse what they don't now."""
    return not {*new.words} <= {*old.words} or any(narrows(field, old, new) for field in REFUSING)


def _about_default(preview: Preview) -> Iterator[str]:
    """Say what holds for everyone where the server's limit goes away."""
    had, has = (p.find_rule(Scope.SERVER, 0, LimitKind.DAY) for p in (preview.policy, preview.changed))
    if had is not None and has is None:
        yield f"ℹ️ {default_line(preview.daily_limit)}"


def changes_of(preview: Preview) -> list[str]:
    """Return what an import would change; empty: nothing."""
    snapshot = snapshot_of_import(preview.policy, preview.changed)
    return import_changes(snapshot(preview.policy), snapshot(preview.changed))


def imported_text(imported: Imported) -> str:
    """Return what is said once an import is saved."""
    return _(
        "✅ **Imported** the rules of “{server}”. `/veo-admin log` can undo all of it; `/quota rules` and "
        "`/veo-admin settings` show the current rules.",
        server=plain(imported.server, SERVER_LENGTH),
    )


def _left_out(imported: Imported, length: int | None = None) -> Iterator[str]:
    """Yield what isn't used; `length`: characters of names in a line; None: all of them, without escapes."""
    for why, sentence in LEFT_OUT.items():
        left_out = [each for each in imported.left_out if each.why is why]
        if left_out and length is None:
            yield _(sentence, names=", ".join(_name_of(each) for each in left_out))
        elif left_out and length is not None:
            yield _(sentence, names=", ".join(first_of([_shown(each) for each in left_out], length)))
    if imported.staying:
        settings = format_and(_(SETTINGS[field].name) for field in imported.staying)
        yield _(
            "These settings stay as they are, because nothing here matches: {settings}", settings=settings
        )


def _shown(left_out: LeftOut) -> str:
    return plain(_name_of(left_out), NAME_LENGTH)


def _name_of(left_out: LeftOut) -> str:
    return f"{PREFIXES[left_out.kind]}{left_out.name}"


def content_text(preview: Preview, models: Sequence[Model]) -> str:
    """Return what the change would have refused; `models`: those that the bot offers."""
    comparison, kept = preview.comparison, preview.kept
    word, settings = kept.proposal.word, kept.proposal.settings
    lines = [
        *([changed_meanwhile()] if preview.is_changed else []),
        *(_about_word(word, comparison) if word is not None else ()),
        *(_about_settings(settings, preview, models) if settings is not None else ()),
        *cut_lines(comparison),
        expiry_line(kept),
    ]
    return "\n".join(lines)


def _about_word(word: str, comparison: Comparison) -> Iterator[str]:
    yield _("🔎 **Block “{word}” in prompts**", word=shown_word(word))
    unknown = comparison.unknown
    if unknown and not comparison.requests:
        yield _(
            "None of the prompts from the last 30 days are still stored, so I can't tell what it would have "
            "done."
        )
        return
    yield result_text(comparison)
    if comparison.refused_twice:
        yield ngettext(
            "{count} of them has a word that's already blocked.",
            "{count} of them have a word that's already blocked.",
            comparison.refused_twice,
        )
    yield from most_affected(comparison)
    yield from _unsure(comparison)
    if unknown:
        yield ngettext(
            "-# {count} more request isn't included, because its prompt has been deleted.",
            "-# {count} more requests aren't included, because their prompts have been deleted.",
            unknown,
        )


def _about_settings(settings: NewSettings, preview: Preview, models: Sequence[Model]) -> Iterator[str]:
    comparison, snapshot = preview.comparison, snapshot_of_settings(settings.fields)
    yield _("🔎 **Settings to save**")
    old, new = snapshot(preview.policy) or {}, snapshot(preview.changed) or {}
    yield from (f"- {change}" for change in setting_changes(old, new))
    yield from possibility_notes(preview.changed, models)
    yield from review_notes(preview.policy, preview.changed)
    if comparison.unknown and not comparison.requests:
        yield _(
            "I can't find the thread, channel or model of any request from the last 30 days, so I can't "
            "tell what it would have done."
        )
        return
    yield result_text(comparison)
    if comparison.refused_twice:
        yield ngettext(
            "The current settings would also have refused {count} of them.",
            "The current settings would also have refused {count} of them.",
            comparison.refused_twice,
        )
    yield from most_affected(comparison)
    yield from _unknown_of_settings(comparison)


def _unknown_of_settings(comparison: Comparison) -> Iterator[str]:
    if comparison.unknown:
        yield ngettext(
            "-# {count} more request isn't included, because I can't find its thread, channel or model.",
            "-# {count} more requests aren't included, because I can't find their thread, channel or model.",
            comparison.unknown,
        )
    yield from _unsure(comparison)


def _unsure(comparison: Comparison) -> Iterator[str]:
    if comparison.unsure and (comparison.refused or comparison.has_chart):
        yield ngettext(
            "-# I can't tell whether {count} of these requests is refused now, too. It's not in the chart, "
            "and its cost isn't counted as saved.",
            "-# I can't tell whether {count} of these requests are refused now, too. They're not in the "
            "chart, and their cost isn't counted as saved.",
            comparison.unsure,
        )
