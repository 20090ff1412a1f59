"""Availability: the models and channels that a server's settings leave. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.errors import BadInputError
from bot.i18n import _
from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE, Model, OptionValue, resolution_rank

NONE_CHOSEN: Mapping[str, OptionValue] = MappingProxyType({})


def durations() -> tuple[int, ...]:
    """Return every duration that some model makes, in seconds, the shortest first."""
    found = {value for model in CATALOGUE for value in _choices(model, "duration")}
    return tuple(sorted(value for value in found if isinstance(value, int)))


def resolutions() -> tuple[str, ...]:
    """Return every resolution that some model makes, the lowest first, each as the first model spells it."""
    found = {
        resolution_rank(value): str(value)
        for model in reversed(CATALOGUE)
        for value in _choices(model, "resolution")
    }
    return tuple(found[rank] for rank in sorted(found))


def allows_channel(policy: Policy, channel_id: int, parent_id: int | None) -> bool:
    """Whether videos may be made in a channel; `parent_id`: of the channel that it's a thread of."""
    return not policy.channels or not policy.channels.isdisjoint({channel_id, parent_id})


def possible_models(models: Sequence[Model], policy: Policy) -> tuple[Model, ...]:
    """Return those of `models` with which a member can have a video that the settings allow."""
    return tuple(model for model in models if _is_possible(model, policy))


def must_choose(models: Sequence[Model], policy: Policy) -> tuple[str, ...]:
    """Return the options that members have to choose, because a default is more than what is allowed."""
    models = possible_models(models, policy)
    longest, highest = policy.longest_duration, policy.highest_resolution
    found: list[str] = []
    if longest is not None and any(_seconds(_default(model, "duration")) > longest for model in models):
        found.append("duration")
    if highest is not None and any(_exceeds(_default(model, "resolution"), highest) for model in models):
        found.append("resolution")
    return tuple(found)


def nearest_allowed(
    model: Model, policy: Policy, options: Mapping[str, OptionValue] = NONE_CHOSEN
) -> dict[str, OptionValue | None]:
    """Return the most that the settings allow of each option that is more; None: nothing of it.

    `options`: those that differ from the model's defaults.
    """
    found: dict[str, OptionValue | None] = {}
    longest, highest = policy.longest_duration, policy.highest_resolution
    duration, resolution = (options.get(name, _default(model, name)) for name in ("duration", "resolution"))
    if longest is not None and _seconds(duration) > longest:
        short = [value for value in _choices(model, "duration") if _seconds(value) <= longest]
        found["duration"] = max(short, key=_seconds, default=None)
    if highest is not None and _exceeds(resolution, highest):
        small = [value for value in _choices(model, "resolution") if not _exceeds(value, highest)]
        found["resolution"] = max(small, key=resolution_rank, default=None)
    return found


def ensure_possible(models: Sequence[Model], policy: Policy) -> None:
    """Check that the settings together leave something to ask for.

    Raises:
        BadInputError: they do not.
    """
    if not possible_models(models, policy):
        raise BadInputError(
            _(
                "No video would be possible with these settings: none of the allowed models "
                "makes one that short and that small. Nothing changed."
            )
        )


def _is_possible(model: Model, policy: Policy) -> bool:
    if policy.models and model.id not in policy.models:
        return False
    longest, highest = policy.longest_duration, policy.highest_resolution
    seconds, sizes = _choices(model, "duration"), _choices(model, "resolution")
    is_short = longest is None or not seconds or any(_seconds(value) <= longest for value in seconds)
    is_small = highest is None or not sizes or not all(_exceeds(value, highest) for value in sizes)
    return is_short and is_small


def _choices(model: Model, name: str) -> tuple[int | str, ...]:
    option = model.option(name)
    return option.choices if option else ()


def _default(model: Model, name: str) -> object:
    option = model.option(name)
    return option.default if option else None


def _seconds(value: object) -> int:
    return value if isinstance(value, int) else 0


def _exceeds(resolution: object, highest: str) -> bool:
    return resolution_rank(resolution) > resolution_rank(highest)
