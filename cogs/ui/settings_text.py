"""The settings of a server in words. Pure text."""

from collections.abc import Collection, Mapping

from bot.admission.offer import must_choose, possible_models
from bot.admission.policy import Policy
from bot.errors import relative_time
from bot.escape import plain
from bot.models import Placement
from bot.veo.catalogue import get_model

MODEL_LENGTH = 64  # characters of a model's id

# The names of settings, by the fields of `Policy`; the order is that of the list.
NAMES: Mapping[str, str] = {
    "channels": "Channels",
    "models": "Models",
    "longest_duration": "Longest video",
    "highest_resolution": "Highest resolution",
    "placement": "Where videos go",
    "moderators_channel_id": "Moderators' channel",
}


def render_settings(policy: Policy, changed: Collection[str] = ()) -> str:
    """Return all settings; `changed`: the fields that were just set, which are marked."""
    values = _values(policy)
    lines = [
        f"- **{name}{' (new)' if field in changed else ''}:** {values[field]}"
        for field, name in NAMES.items()
    ]
    heading = "✅ **Saved.** The settings are now:" if changed else "⚙️ **Settings of this server**"
    notes = [_choose_note(policy), _pause_note(policy), "" if changed else HOW_TO_CHANGE]
    return "\n".join([heading, *lines, *(note for note in notes if note)])


HOW_TO_CHANGE = (
    "To change some, use this command with options. Forbidden words: `/veo-admin words list`. "
    "Blocked members: `/veo-admin blocked`."
)


def _values(policy: Policy) -> dict[str, str]:
    longest = policy.longest_duration
    board = policy.moderators_channel_id
    return {
        "channels": _channels(policy.channels),
        "models": _models(policy.models),
        "longest_duration": "any" if longest is None else f"{longest} seconds",
        "highest_resolution": policy.highest_resolution or "any",
        "placement": _placement(policy.placement),
        "moderators_channel_id": "none, so nobody sees what members report"
        if board is None
        else f"<#{board}>",
    }


def _channels(channels: Collection[int]) -> str:
    if not channels:
        return "all"
    return f"{', '.join(f'<#{channel}>' for channel in sorted(channels))}, and their threads"


def _models(models: Collection[str]) -> str:
    if not models:
        return "all"
    return ", ".join(_label(model_id) for model_id in sorted(models))


def _label(model_id: str) -> str:
    model = get_model(model_id)
    return model.label if model else f"{plain(model_id, MODEL_LENGTH)} (not offered any more)"


def _placement(placement: Placement | None) -> str:
    if placement is Placement.CHANNEL:
        return "into the channel, as a reply"
    return "into a thread, where there can be one"


def _choose_note(policy: Policy) -> str:
    if not possible_models(policy):
        return "❌ **With these settings no video is possible.** Please change them."
    options = must_choose(policy)
    if not options:
        return ""
    named = " and ".join(f"`{option}`" for option in options)
    return f"ℹ️ Members must choose {named} each time: what they get without choosing is above the limit."


def _pause_note(policy: Policy) -> str:
    if policy.pause is None:
        return ""
    return f"⏸️ Videos are paused, since {relative_time(policy.pause.since)}."
