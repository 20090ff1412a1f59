"""A server's settings and blocked words as moderators read them. Pure text."""

from collections.abc import Collection, Iterator, Sequence

from bot.admission.availability import must_choose, possible_models
from bot.admission.blocklist import WORD_MAX_LENGTH
from bot.escape import plain
from bot.i18n import N_, _, format_and
from bot.markup import relative_time
from bot.policy.documents import Policy
from bot.provider.catalogue import Model, provider_name_of
from cogs.moderation.review_setting import OWN_WAIT, nobody_approves
from cogs.moderation.server_settings import MODEL_LENGTH, SETTINGS
from cogs.ui.lists import MESSAGE_MAX_LENGTH, first_of

GONE_LENGTH = 150  # characters of models that are no longer available
HOW_TO_CHANGE = N_(
    "To change settings, use `/veo-admin settings` with options. Blocked words: `/veo-admin words "
    "list`. Blocked members: `/veo-admin blocked`."
)


def render_settings(
    policy: Policy,
    models: Sequence[Model],
    changed: Collection[str] = (),
    warnings: Sequence[str] = (),
) -> str:
    """Return all settings; `changed`: the fields that were just set, which are marked.

    `models`: those that the bot offers. `warnings`: what's wrong with what the settings name. Where it
    doesn't fit into one message, the longest lists are cut, and say how many more there are.
    """
    heading = _("✅ **Saved.** The settings are now:") if changed else _("⚙️ **Settings of this server**")
    below = [*_notes(policy, models), *warnings, *([] if changed else [_(HOW_TO_CHANGE)])]
    max_values = max(len(policy.channels), len(policy.models), 1)
    while (
        len(text := "\n".join([heading, *_lines(policy, changed, max_values), *below])) > MESSAGE_MAX_LENGTH
    ):
        if max_values == 1:
            break
        max_values -= 1
    return text


def _lines(policy: Policy, changed: Collection[str], max_values: int) -> list[str]:
    """Return a line for each setting; `max_values`: values of one that are named."""
    values = {field: row.in_words(getattr(policy, field), max_values) for field, row in SETTINGS.items()}
    return [f"- **{_name(field, is_new=field in changed)}:** {value}" for field, value in values.items()]


def _name(field: str, *, is_new: bool) -> str:
    name = _(SETTINGS[field].name)
    return _("{setting} (new)", setting=name) if is_new else name


def _notes(policy: Policy, models: Sequence[Model]) -> list[str]:
    """Return what follows from the settings together, one sentence each."""
    notes = [*possibility_notes(policy, models)]
    offered = {model.id for model in models}
    gone = [plain(name, MODEL_LENGTH) for name in sorted(map(provider_name_of, policy.models - offered))]
    if gone:
        named = ", ".join(first_of(gone, GONE_LENGTH))
        notes.append(_("ℹ️ No longer available: {models}.", models=named))
    if policy.moderators_channel_id is None:
        notes.append(_("ℹ️ Without a moderators' channel, nobody sees reports from members."))
    if policy.moderators_channel_id is None and policy.review is not None:
        notes.append(nobody_approves(policy))
    if policy.review is not None:
        notes.append(f"ℹ️ {_(OWN_WAIT)}")
    if policy.pause is not None:
        notes.append(_("⏸️ /veo was paused {when}.", when=relative_time(policy.pause.since)))
    return notes


def possibility_notes(policy: Policy, models: Sequence[Model]) -> Iterator[str]:
    """Yield what the settings leave of the models, where members have to know."""
    if impossible := [*impossible_notes(policy, models)]:
        yield from impossible
    elif options := must_choose(models, policy):
        yield _(
            "ℹ️ Members have to set {options} every time, because the defaults are above your limits.",
            options=format_and(f"`{option}`" for option in options),
        )


def impossible_notes(policy: Policy, models: Sequence[Model]) -> Iterator[str]:
    """Yield that the settings leave no video, if so, such as once a model is gone."""
    if not possible_models(models, policy):
        yield _("❌ **No video is possible with these settings.** Please change them.")


def word_added(word: str, *, is_new: bool) -> str:
    """Return the answer to `words add`."""
    if is_new:
        return _(
            "✅ **Added.** I now reject prompts that contain “{word}”. Running requests continue.",
            word=shown_word(word),
        )
    return _("“{word}” was already on the list. Nothing changed.", word=shown_word(word))


def shown_word(word: str) -> str:
    """Return a word or phrase as it can be shown."""
    return plain(word, WORD_MAX_LENGTH)
