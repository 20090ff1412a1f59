"""What a server's settings leave of the catalogue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.availability import (
    durations,
    ensure_possible,
    must_choose,
    nearest_allowed,
    possible_models,
    resolutions,
)
from bot.admission.check_request import AdmissionContext, check_request
from bot.admission.denials import ModelNotAllowedError, TooHighError, TooLongError
from bot.clock import utc_now
from bot.errors import BadInputError
from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE, OptionValue, build_request, get_model
from tests.bot.rows import new_requester

IDS = [model.id for model in CATALOGUE]

LABELS = [model.label for model in CATALOGUE]
ONLY_8 = {"Veo 3.1 Lite Preview from two images", "Veo 3.1 from reference images"}

policies = st.builds(
    Policy,
    models=st.frozensets(st.sampled_from([*IDS, "google/veo1"])),
    longest_duration=st.none() | st.integers(min_value=1, max_value=10),
    highest_resolution=st.none() | st.sampled_from(["480P", "720P", "720p", "1080P", "4K"]),
)


def test_the_choices_are_those_of_the_catalogue() -> None:
    assert durations() == (4, 6, 8)
    assert resolutions() == ("720P", "1080P")


@pytest.mark.parametrize(
    ("policy", "labels"),
    [
        (Policy(), LABELS),
        (Policy(models=frozenset({"google/veo3"})), ["Veo 3"]),
        (Policy(models=frozenset({"google/veo1"})), []),
        (Policy(longest_duration=4), [label for label in LABELS if label not in ONLY_8]),
        (Policy(longest_duration=3), []),
        (Policy(highest_resolution="720p"), LABELS),
        (Policy(highest_resolution="480P"), []),
    ],
    ids=str,
)
def test_possible_models(policy: Policy, labels: list[str]) -> None:
    assert [model.label for model in possible_models(CATALOGUE, policy)] == labels


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (Policy(), ()),
        (Policy(longest_duration=8, highest_resolution="1080P"), ()),
        (Policy(highest_resolution="720P"), ("resolution",)),
        (Policy(highest_resolution="720P", models=frozenset({"google/veo3"})), ()),
        (Policy(longest_duration=6), ("duration",)),
        (Policy(longest_duration=6, models=frozenset({"google/veo1"})), ()),
    ],
    ids=str,
)
def test_what_must_be_chosen(policy: Policy, options: tuple[str, ...]) -> None:
    assert must_choose(CATALOGUE, policy) == options


@pytest.mark.parametrize(
    ("policy", "nearest"),
    [
        (Policy(longest_duration=8), {}),
        (Policy(longest_duration=7), {"duration": 6}),
        (Policy(longest_duration=6), {"duration": 6}),
        (Policy(longest_duration=3), {"duration": None}),
        (Policy(highest_resolution="720P"), {"resolution": "720p"}),
    ],
    ids=str,
)
def test_the_nearest_allowed_is_the_most_that_is_allowed(
    policy: Policy, nearest: dict[str, OptionValue | None]
) -> None:
    assert (model := get_model("google/veo-3.1-t2v")) is not None
    assert nearest_allowed(model, policy) == nearest


def choices(model_id: str, name: str) -> tuple[int | str, ...]:
    model = get_model(model_id)
    option = model and model.option(name)
    assert option is not None
    return option.choices


def is_allowed(policy: Policy, model: str, options: dict[str, OptionValue]) -> bool:
    """Whether /veo would take it, as far as these settings go."""
    video = build_request(model, "a red dragon", options)
    refusal = check_request(new_requester(), video, AdmissionContext(policy), 50, utc_now())
    assert refusal is None or isinstance(refusal, ModelNotAllowedError | TooLongError | TooHighError)
    return refusal is None


@given(policies)
def test_a_model_is_possible_exactly_when_some_request_for_it_is_accepted(policy: Policy) -> None:
    possible = {model.id for model in possible_models(CATALOGUE, policy)}
    for model in IDS:
        lengths = choices(model, "duration")
        spec = [{"duration": d, "resolution": r} for d in lengths for r in resolutions()]
        assert (model in possible) == any(is_allowed(policy, model, wish) for wish in spec)


@given(policies)
def test_what_must_be_chosen_is_refused_without_a_choice(policy: Policy) -> None:
    accepted = [is_allowed(policy, model.id, {}) for model in possible_models(CATALOGUE, policy)]
    assert all(accepted) == (not must_choose(CATALOGUE, policy))


@given(policies)
def test_settings_are_refused_exactly_when_they_leave_nothing(policy: Policy) -> None:
    if possible_models(CATALOGUE, policy):
        ensure_possible(CATALOGUE, policy)
    else:
        with pytest.raises(BadInputError):
            ensure_possible(CATALOGUE, policy)
