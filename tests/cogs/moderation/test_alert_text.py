"""What alerts say on Discord."""

import pytest

from bot.clock import utc_now
from bot.monitoring.alert_rules import AlertKey, AlertKind, AlertState, Transition, Value
from bot.monitoring.alerts import Announcement
from cogs.moderation.alert_text import render_alert

FACTS: dict[str, Value] = {
    "balance": -0.5,
    "limit": 5.0,
    "minutes": 7,
    "results": 1,
    "servers": 2,
    "free": 100 * 2**20,
    "words": "*No* way",
    "models": "google/veo3, google/veo-9",
}


def announce(
    kind: AlertKind, transition: Transition, facts: dict[str, Value], guild_id: int | None = None
) -> str:
    state = AlertState(since=utc_now() if transition == "begun" else None, told_at=utc_now(), facts=facts)
    return render_alert(Announcement(AlertKey(kind, guild_id), transition, state))


@pytest.mark.parametrize("facts", [FACTS, {}], ids=["known", "unknown"])
@pytest.mark.parametrize("transition", ["begun", "over"])
@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_is_a_sentence_that_pings_nobody(
    kind: AlertKind, transition: Transition, facts: dict[str, Value]
) -> None:
    text = announce(kind, transition, facts)
    assert not set("{}@") & set(text)
    assert text.endswith(".")
    assert len(text) <= 2000
    assert ("Resolved" in text) == (transition == "over")


def test_figures_are_told() -> None:
    assert "has minus $0.50, less than $5.00" in announce(AlertKind.CREDITS_LOW, "begun", FACTS)
    assert "1 result in 2 servers" in announce(AlertKind.DELIVERIES_FAILING, "begun", FACTS)
    assert "Only 100 MiB is left" in announce(AlertKind.DISK_FULL, "begun", FACTS)


def test_what_the_provider_says_is_quoted() -> None:
    text = announce(AlertKind.PROVIDER_REFUSING, "begun", FACTS)
    assert "has rejected requests (Veo 3, google/veo-9) for 7 minutes: “\\*No\\* way”. They wait" in text


def test_moderators_are_told_of_their_own_server() -> None:
    text = announce(AlertKind.DELIVERIES_FAILING, "begun", FACTS, guild_id=4)
    assert "1 result of this server" in text
    assert "server" in text
    assert "`/veo-admin doctor`" in text


def test_different_messages_have_different_nonces_that_discord_takes() -> None:
    state = AlertState(told_at=utc_now())
    keys = [AlertKey(AlertKind.DELIVERIES_FAILING, guild_id) for guild_id in (None, 1, 2)]
    transitions: list[Transition] = ["begun", "over"]
    nonces = {Announcement(key, transition, state).nonce for key in keys for transition in transitions}
    assert len(nonces) == 6
    assert max(map(len, nonces)) <= 24, "one more is added where the first form is refused"
