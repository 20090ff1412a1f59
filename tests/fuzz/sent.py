"""What a changed client could send with a command: options of any type, and what is said to be behind ids."""

from typing import Any

from hypothesis import strategies as st
from simcord.backend import serializers

from sandbox.world import World
from tests.fuzz.answers import ODD, ODD_NUMBERS, ODD_TEXTS, anything, changed

GROUPS = (1, 2)  # Discord's numbers of subcommands and their groups
TEXT, WHOLE, TRUTH, USER, CHANNEL, ROLE, NUMBER, FILE = 3, 4, 5, 6, 7, 8, 10, 11
SECTIONS = {USER: "users", CHANNEL: "channels", ROLE: "roles", FILE: "attachments"}
VALUES: dict[int, st.SearchStrategy[Any]] = {
    TEXT: st.sampled_from(ODD_TEXTS) | st.text(max_size=100),
    WHOLE: st.sampled_from([0, -1, 1, 4, 8, 2**31, 2**53 - 1]) | st.integers(-(2**53), 2**53),
    TRUTH: st.booleans(),
    NUMBER: st.sampled_from([number for number in ODD_NUMBERS if isinstance(number, float)])
    | st.floats(0, 100),
}
odd_values = st.sampled_from(ODD) | anything
SENSIBLE = ["3", "2 days", "all", "5 USD", "a dragon", "dragon"]
ODD_IDS: list[Any] = ["0", "-1", "x", "", " 1", "٣", "1" * 15, "9" * 19, "9" * 40, 5, None, [], {}]
ODD_FILES: list[dict[str, Any]] = [
    {},
    {"size": 0},
    {"size": -1},
    {"size": 2**63},
    {"size": 10**30},
    {"size": "5"},
    {"size": None},
    {"filename": ""},
    {"filename": "../../etc/passwd"},
    {"filename": "x" * 5000 + ".png"},
    {"filename": "a\0b\ud800@everyone.png"},
    {"filename": None},
    {"content_type": None},
    {"content_type": ""},
    {"content_type": "image/svg+xml"},
    {"content_type": "text/plain; charset=\ud800"},
    {"content_type": ["image/png"]},
    {"url": ""},
    {"url": None},
    {"url": "file:///etc/passwd"},
    {"url": "http://169.254.169.254/"},
    {"url": "https://[::"},
    {"url": "https://cdn.discordapp.com/" + "x" * 9000},
    {"id": "x"},
    {"width": -1, "height": "1"},
]

Leaf = tuple[tuple[Any, ...], list[Any]]


def leaves(command: dict[str, Any], path: tuple[Any, ...] = ()) -> list[Leaf]:
    """Return each subcommand's way from the command, and its options."""
    here = (*path, (command["name"], command.get("type", 1)))
    inner = [option for option in command.get("options", []) if option["type"] in GROUPS]
    if not inner:
        return [(here, command.get("options", []))]
    return [leaf for option in inner for leaf in leaves(option, here)]


def leaves_of(world: World) -> list[Leaf]:
    """Return the program's subcommands that have options."""
    tree = world.app.bot.tree
    return [leaf for command in tree.get_commands() for leaf in leaves(command.to_dict(tree)) if leaf[1]]


def image(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what Discord says of an image that was uploaded."""
    url = f"https://cdn.discordapp.com/attachments/1/{number}/cat.png"
    known = {"filename": "cat.png", "size": 70, "url": url, "proxy_url": url, "content_type": "image/png"}
    return {"id": str(number), **known, **changes}


def known_things(world: World, *elsewhere: Any) -> dict[str, Any]:
    """Return what Discord would resolve: people, bots, roles, channels and files of this server and others.

    `elsewhere`: members of other servers.
    """
    backend, guild = world.env.backend, world.env.backend.get_guild(world.guild.id)
    people = [world.alice, world.mona, *elsewhere]
    users = {str(who.id): dict(serializers.user_payload(backend.get_user(who.id))) for who in people}
    users[str(backend.bot_user.id)] = dict(serializers.user_payload(backend.bot_user))
    members = {
        str(who.id): dict(serializers.member_payload(backend, guild, guild.members[who.id], with_user=False))
        for who in (world.alice, world.mona)
    }
    roles = {str(role.id): dict(serializers.role_payload(role)) for role in guild.roles.values()}
    channels = {
        str(channel.id): {**serializers.channel_payload(backend, channel), "permissions": "0"}
        for server in (world.guild, *(who.guild for who in elsewhere))
        for channel in map(backend.get_channel, (found.id for found in server.channels.values()))
    }
    files = {str(number): image(number, **odd) for number, odd in enumerate(ODD_FILES, start=1)}
    return {"users": users, "members": members, "roles": roles, "channels": channels, "attachments": files}


def said_of(things: dict[str, Any], chosen: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what Discord would say of what is chosen: of that alone."""
    named = {option["value"] for option in chosen if isinstance(option["value"], str)}
    return {
        section: {i: thing for i, thing in found.items() if i in named} for section, found in things.items()
    }


def right_values(option: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what an option takes: one of its choices, or something that makes sense at times."""
    if option.get("choices"):
        return st.sampled_from([choice["value"] for choice in option["choices"]])
    kind = option["type"]
    return st.sampled_from(SENSIBLE) if kind == TEXT else VALUES.get(kind, odd_values)


def nested(path: tuple[Any, ...], chosen: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a command as it is sent, with the options inside its subcommands."""
    for name, kind in reversed(path[1:]):
        chosen = [{"name": name, "type": kind, "options": chosen}]
    return {"id": "1", "name": path[0][0], "type": 1, "options": chosen, **more}


@st.composite
def commands(draw: st.DrawFn, known: list[Leaf]) -> dict[str, Any]:
    """Draw a command with values of the right types that Discord would not offer; some are missing."""
    path, options = draw(st.sampled_from(known))
    present = [option for option in options if option["type"] in VALUES and draw(st.integers(0, 3))]
    chosen = [{"name": o["name"], "type": o["type"], "value": draw(VALUES[o["type"]])} for o in present]
    return nested(path, chosen)


@st.composite
def mistyped(draw: st.DrawFn, known: list[Leaf]) -> dict[str, Any]:
    """Draw a command some of whose values have any type, or are said to, at times in another shape."""
    path, options = draw(st.sampled_from(known))
    chosen: list[dict[str, Any]] = []
    for option in options:
        kind, way = option["type"], draw(st.sampled_from(["none", "none", "right", "odd", "said"]))
        if way == "none" and not option.get("required"):
            continue
        value = draw(odd_values if way == "odd" else right_values(option))
        kind = draw(st.sampled_from([*VALUES, *SECTIONS, 9])) if way == "said" else kind
        chosen.append({"name": option["name"], "type": kind, "value": value})
    command = nested(path, chosen)
    return draw(st.just(command) | changed(st.just(command)))


@st.composite
def naming(draw: st.DrawFn, known: list[Leaf], things: dict[str, Any]) -> dict[str, Any]:
    """Draw a command that names people, roles, channels and files, and what Discord says of them."""
    path, options = draw(st.sampled_from([leaf for leaf in known if _names(leaf)]))
    chosen: list[dict[str, Any]] = []
    for option in options:
        kind = option["type"]
        if not option.get("required") and draw(st.integers(0, 2)) == 0:
            continue
        if kind in SECTIONS:
            known_ids = st.sampled_from(list(things[SECTIONS[kind]]))
            value = draw(known_ids | known_ids | known_ids | st.sampled_from(ODD_IDS))
        else:
            value = draw(right_values(option))
        chosen.append({"name": option["name"], "type": kind, "value": value})
    said = said_of(things, chosen)
    return nested(path, chosen, resolved=draw(st.just(said) | changed(st.just(said), most=2)))


def _names(leaf: Leaf) -> bool:
    return any(option["type"] in SECTIONS for option in leaf[1])
