"""The forms that the program shows, and what a changed client could send in place of what was filled in."""

from typing import Any

from hypothesis import strategies as st

from tests.e2e.raw import COMMAND, FORM
from tests.fuzz.answers import ODD_TEXTS, changed
from tests.fuzz.crime import Crime
from tests.fuzz.sent import image, odd_values

MODAL = 9  # Discord's number of an answer that shows a form
TEXT, LABEL = 4, 18  # Discord's numbers of components

# By whom each form is opened, and with which button or menu.
OPENERS = {
    "remix": ("the owner", "veo1:remix:{video}"),
    "remix by a moderator": ("a moderator", "veo1:remix:{video}"),
    "change": ("the owner", "veo1:offer-change:{offer}:1"),
    "report": ("another member", "veo1:report:{video}"),
    "animate": ("another member", "Animate this image"),
    "make a video": ("another member", "Make a video of this"),
    "make a film": ("another member", "Make a film of this"),
}


def open_form(crime: Crime, form: str) -> dict[str, Any]:
    """Let the form be shown; return it as it was sent."""
    role, way = OPENERS[form]
    crime.stage.log.forget()
    if way.startswith("veo1:"):
        sent = crime.stage.play(crime.click(role, way.format(**crime.targets)))
    else:
        data = menu_of(crime, way, content="a dragon", attachments=[image()])
        sent = crime.stage.play(crime.stage.dispatch(crime.people[role], COMMAND, data))
    crime.stage.check(sent)
    [answer] = [request["json"] for request in sent if request["path"].endswith("/callback")]
    assert answer["type"] == MODAL, f"no form was shown: {answer}"
    return answer["data"]


def menu_of(crime: Crime, name: str, **changes: Any) -> dict[str, Any]:
    """Return what Discord sends when a command of a message's menu is chosen; `changes`: of the message."""
    message = {**crime.message_in(crime.people["another member"]), **changes}
    resolved = {"messages": {message["id"]: message}}
    return {"id": "1", "name": name, "type": 3, "target_id": message["id"], "resolved": resolved}


def filled_in(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a form as a client sends them, with what they hold at first."""
    return [
        {"type": LABEL, "id": number, "component": _filled_in(label["component"])}
        for number, label in enumerate(form["components"], start=1)
    ]


def _filled_in(part: dict[str, Any]) -> dict[str, Any]:
    known = {"type": part["type"], "id": 1, "custom_id": part["custom_id"]}
    if part["type"] == TEXT:
        return {**known, "value": part.get("value") or "a dragon"}
    default = [option["value"] for option in part["options"] if option.get("default")]
    return {**known, "values": default or [part["options"][0]["value"]]}


@st.composite
def submissions(draw: st.DrawFn, parts: list[dict[str, Any]]) -> Any:
    """Draw what is sent: some values are others, some parts are missing or of another shape."""
    sent: list[dict[str, Any]] = []
    for part in parts:
        inner = part["component"]
        way = draw(st.sampled_from(["right"] * 9 + ["odd", "odd", "missing", "many"]))
        if way == "missing":
            continue
        name = "value" if inner["type"] == TEXT else "values"
        if way == "odd":
            texts = st.sampled_from(ODD_TEXTS) | st.text()
            value = draw(
                texts | odd_values if name == "value" else st.lists(odd_values, max_size=2) | odd_values
            )
        elif way == "many":
            value = draw(st.sampled_from([["4", "8"], ["google/veo3"] * 2, [], "x" * 4001, "\0", " \u200b"]))
        else:
            value = inner[name]
        sent.append({**part, "component": {**inner, name: value}})
    return draw(st.just(sent) | st.just(sent) | changed(st.just(sent), most=1))


async def submit(crime: Crime, role: str, custom_id: Any, components: Any, **more: Any) -> list[Any]:
    """Let somebody send a form; return the bot's requests."""
    data = {"custom_id": custom_id, "components": components, **more}
    who = crime.people[role]
    message = crime.message_in(who)
    place = {"channel_id": int(message["channel_id"]), "source": int(message["id"])}
    return await crime.stage.dispatch(who, FORM, data, more={"message": message}, **place)
