"""Discord's markup in what people type becomes words, and no id is left."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import locale_used
from bot.markup import MARKUP, Names, in_words
from bot.text import clean

BOB, CREW, FILMS = 123456789012345678, 223456789012345678, 323456789012345678
NAMES = Names({BOB: "bob"}, {CREW: "film crew", 5: "@everyone"}, {FILMS: "films"})

SAID = [
    (f"<@{BOB}> rides <:pepe:{CREW}> in <#{FILMS}>", "bob rides pepe in films"),
    (f"<@!{BOB}>'s <a:party_parrot:{CREW}>!", "bob's party_parrot!"),
    (f"<@&{CREW}> and <@&5>", "film crew and everyone"),
    ("<@1> calls <@&1> to <#1>", "someone calls some people to a channel"),
    ("<:one:1><:two:2>three", "one two three"),
    ("<:pepe~1:123>", "pepe"),
    ("at <t:1700000000:t>", "at 22:13"),
    ("on <t:1700000000:D>, <t:1700000000>", "on 14 November 2023, 14 November 2023 22:13"),
    ("<t:8640000000000:R>", "some time"),
    ("</veo-admin words add:123>", "veo-admin words add"),
    ("<id:customize>", "Channels & Roles"),
    ("<id:linked-roles:123>", "Linked Roles"),
    (f"https://discord.com/channels/1/{FILMS}/2 burns", "films burns"),
    (f"<@\u200b{BOB}>", "bob"),
    ("<<@1>:x:1>", "<someone:x:1>"),
    ("<:<:a:1>:1>", "a"),
    ("a < b, <3, <b>bold</b>, <@bob>", "a < b, <3, <b>bold</b>, <@bob>"),
    (f"<@{'9' * 5000}>", "someone"),
]

ids = st.integers(0, 2**64 - 1) | st.sampled_from([BOB, CREW, FILMS])
marks = st.builds(
    str.format,
    st.sampled_from(
        [
            *("<@{0}>", "<@!{0}>", "<@&{0}>", "<#{0}>", "<:a:{0}>", "<a:b_c:{0}>", "<t:{0}>", "<t:{0}:R>"),
            *("</a b:{0}>", "<id:guide:{0}>", "https://discord.com/channels/{0}/{0}"),
        ]
    ),
    ids,
)
typed = st.lists(st.one_of(marks, st.text(max_size=5), st.sampled_from("<>@#:at/ ")), max_size=8).map("".join)


@pytest.mark.parametrize(("text", "said"), SAID)
def test_markup_is_said_in_words(text: str, said: str) -> None:
    assert in_words(text, NAMES) == said


@given(typed, st.dictionaries(ids, typed))
def test_no_markup_is_left_whatever_things_are_called(text: str, known: dict[int, str]) -> None:
    said = in_words(text, Names(known, known, known))
    assert not MARKUP.search(said), f"markup is left in {said!r}"
    assert in_words(said) == said, "saying it again changed it"
    assert clean(said) == said


@given(st.lists(marks, min_size=1, max_size=5).map(" and ".join))
def test_an_id_that_nobody_knows_is_not_told(text: str) -> None:
    told = re.sub(r"\d{1,2} \w+ \d{1,4} \d\d:\d\d|\d{1,2} \w+ \d{1,4}", "", in_words(text))  # dates
    assert not re.search(r"\d", told), f"digits of an id are left in {told!r}"


@given(st.text(st.characters(exclude_characters="<")).filter(lambda text: "/channels/" not in text))
def test_what_has_no_markup_stays_as_it_is(text: str) -> None:
    assert in_words(text, NAMES) == clean(text)


def test_what_nobody_knows_is_said_in_the_readers_language() -> None:
    with locale_used("de"):
        assert in_words("<@1> tanzt") == "jemand tanzt"


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "am 14. November 2023 22:13"),
        ("es-ES", "am 14 de noviembre de 2023 22:13"),
        ("ja", "am 2023年11月14日 22:13"),
    ],
)
def test_a_time_is_said_in_the_readers_language(locale: str, said: str) -> None:
    with locale_used(locale):
        assert in_words("am <t:1700000000:f>") == said
