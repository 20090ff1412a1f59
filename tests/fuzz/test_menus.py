"""Whatever message a menu is opened on, and whatever is chosen where there is nothing to choose."""

from typing import Any

from hypothesis import strategies as st

from tests.e2e.raw import COMMAND
from tests.fuzz.answers import ODD_TEXTS, changed
from tests.fuzz.crime import ENTITLED, STRANGERS, Crime
from tests.fuzz.forms import MODAL, menu_of
from tests.fuzz.sent import ODD_FILES, ODD_IDS, image, odd_values
from tests.fuzz.tally import fuzz

MENUS = ("Animate this image", "Make a video of this", "Make a film of this")
LINKS = [
    "https://cdn.discordapp.com/attachments/1/2/cat.png",
    "https://media.discordapp.net/x" + "y" * 5000 + ".webp",
    "https://cdn.discordapp.com@example.com/cat.png",
    "https://[::1/cat.png",
    "https://cdn.discordapp.com:99999/cat.png",
    "attachment://cat.png",
    "file:///etc/passwd",
    "//",
    "",
    *ODD_TEXTS,
]

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=60)
files = st.sampled_from([image(**odd) for odd in [*ODD_FILES, *([{}] * len(ODD_FILES))]])
media = st.fixed_dictionaries({"url": st.sampled_from(LINKS)}) | odd_values
embeds = st.fixed_dictionaries(
    {"type": st.sampled_from(["rich", "image", "gifv", "x"])},
    optional={"image": media, "thumbnail": media, "title": texts, "url": st.sampled_from(LINKS)},
)
parts = {
    "content": texts | st.just("<@1> <#1> <@&1> hi"),
    "attachments": st.lists(files, max_size=3),
    "embeds": st.lists(embeds, max_size=2),
}
snapshots = st.lists(
    st.fixed_dictionaries({"message": st.fixed_dictionaries({}, optional=parts)}), max_size=2
)
messages = st.fixed_dictionaries(parts, optional={"message_snapshots": snapshots})


def play(crime: Crime, data: dict[str, Any]) -> dict[str, Any]:
    """Let bob choose a command of a message's menu; return the answer."""
    crime.stage.log.forget()
    sent = crime.stage.play(crime.stage.dispatch(crime.people["another member"], COMMAND, data))
    crime.check(sent)
    answers = [request["json"] for request in sent if request["path"].endswith("/callback")]
    assert len(answers) == 1, "it was not answered, or more than once"
    return answers[0]


def test_whatever_is_in_a_message_its_menu_is_answered(crime: Crime) -> None:
    seen = set[int]()

    def forge(case: tuple[str, dict[str, Any]]) -> None:
        menu, changes = case
        seen.add(play(crime, menu_of(crime, menu, **changes))["type"])

    fuzz("menus: messages", 26, st.tuples(st.sampled_from(MENUS), messages), forge)
    assert seen == {4, MODAL}, "never a form, or never a refusal: the messages are all alike"


def test_whatever_discord_says_of_a_message_its_menu_is_answered(crime: Crime) -> None:
    whole = menu_of(crime, MENUS[0], content="a dragon", attachments=[image()], embeds=[{"image": {}}])

    def forge(case: tuple[str, Any, Any]) -> None:
        menu, resolved, target = case
        play(crime, {**whole, "name": menu, "resolved": resolved, "target_id": target})

    targets = st.just(whole["target_id"]) | st.sampled_from(ODD_IDS)
    cases = st.tuples(
        st.sampled_from([*MENUS, "x"]), changed(st.just(whole["resolved"])) | odd_values, targets
    )
    fuzz("menus: other shapes", 26, cases, forge)


def test_a_choice_in_a_menu_that_was_never_there_does_no_more_than_a_click(crime: Crime) -> None:
    fitting = [f"veo1:remix:{crime.targets['video']}", f"veo1:cancel:{crime.targets['request']}", "duration"]

    def choose(case: tuple[str, str, int, Any, Any]) -> None:
        role, custom_id, kind, values, resolved = case
        crime.stage.log.forget()
        before = crime.protected(role)
        more = {"component_type": kind, "values": values, "resolved": resolved}
        crime.check(crime.stage.play(crime.click(role, custom_id, **more)))
        assert crime.protected(role) == before, f"{role} changed what is not theirs"

    roles = st.sampled_from([*ENTITLED, *STRANGERS])
    kinds = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 17, 99])
    values = st.lists(odd_values, max_size=30) | odd_values
    cases = st.tuples(roles, st.sampled_from(fitting), kinds, values, odd_values)
    fuzz("menus: choices", 20, cases, choose)
