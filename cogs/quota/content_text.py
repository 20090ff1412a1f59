"""The preview before a word is blocked or settings are saved. Pure text from a preview."""

from collections.abc import Iterator, Sequence

from bot.i18n import _, ngettext
from bot.moderation.snapshots import snapshot_of_settings
from bot.preview.comparison import Comparison
from bot.preview.proposal import NewSettings
from bot.preview.service import Preview
from bot.provider.catalogue import Model
from cogs.moderation.review_setting import review_notes
from cogs.moderation.server_settings import setting_changes
from cogs.moderation.settings_text import possibility_notes
from cogs.moderation.words_text import shown_word
from cogs.quota.preview_text import changed_meanwhile, cut_lines, expiry_line, most_affected, result_text


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
            "The settings as they are now would have refused {count} of them, too.",
            "The settings as they are now would have refused {count} of them, too.",
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
