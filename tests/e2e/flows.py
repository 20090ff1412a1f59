"""What members, moderators and outsiders do most, as flows; tests look at what was said on the way.

Buttons are found by their ids, so the flows work in every language.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
import simcord

from bot.clock import utc_now
from bot.home.overview import SetupStep
from bot.media.image_links import MARGIN
from cogs.admin.home_lists import LISTS
from cogs.admin.home_view import TARGETS
from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.driver import (
    PROMPT,
    ask,
    ask_and_hold,
    ask_for_video,
    direct_messages,
    eventually,
    rows,
    shown,
    the_result,
)
from tests.e2e.filming import finished, latest
from tests.e2e.quoting import as_shown
from tests.e2e.reporting import REASON, add_bob, choose_moderators_channel, mona_of
from tests.e2e.spoken import id_of
from tests.e2e.videos import card, message_of

WHY = "because they asked"
WORD = "zebra"
GREEN = "a green dragon"
FILTERED = "Unsafe content"  # as the provider's safety filter says
SELDOM_USED = "google/veo-3.1-t2v"  # once it was gone, requests of it are left alone for a while
# What people wrote and called things, and the provider's own words.
WRITTEN = (
    *(
        PROMPT,
        GREEN,
        REASON,
        WHY,
        WORD,
        "Studio",
        "alice",
        "mona",
        "cat.gif",
        "Error 400",
        "Too bright",
        FILTERED,
    ),
    f"Model {SELDOM_USED} not found",
)

CHANGED = {
    "prompt": GREEN,
    "negative_prompt": WORD,
    "model": ["google/veo-3.0-fast"],
    "duration": ["6"],
    "picture": ["9:16 720P"],
}

FILMED = {"title": "Studio", "shots": f"{PROMPT}\n{GREEN}"}
CONTINUED = {"prompt": GREEN, "model": ["google/veo-3.0-i2v"]}

CARRIED: dict[str, Any] = {  # to a server, as a file
    "settings": {"channels": [WORD], "longest_duration": 4, "moderators_channel": WORD},
    "limits": {"server": {"day": 1}, "roles": [{"role": WORD, "limits": {"day": 2}}]},
    "budgets": {"month": {"credits": 120_000_000}},
    "words": [GREEN],
    "strikes": {"days": 3, "steps": [{"strikes": 2, "pause": 3600}]},
}

Flow = Callable[[World], Awaitable[object]]


async def a_video(world: World) -> None:
    await ask_for_video(world)
    await world.alice.slash(world.channel, "videos")
    await world.alice.slash(world.channel, "usage")


async def a_video_with_every_option(world: World) -> None:
    await ask_for_video(world, negative_prompt=WORD, seed=7, generate_audio=False, enhance_prompt=False)
    await world.alice.slash(world.channel, "videos")


async def nothing_yet(world: World) -> None:
    for command in ("videos", "usage", "privacy export", "privacy delete"):
        await world.alice.slash(world.channel, command)


async def a_failure(world: World) -> None:
    world.provider.faults.add("create", Fault.status(400))
    await ask(world)
    await world.wait_for_delivery()
    for fault in (Fault.failed("Too bright"), Fault.failed(None, name=""), Fault.without_video()):
        world.provider.faults.add("retrieve", fault)
        await ask(world)
        await world.wait_for_delivery()
    await world.alice.slash(world.channel, "videos")


async def a_model_that_is_gone(world: World) -> None:
    world.provider.terms.sold_out.add(SELDOM_USED)
    await ask(world, model=SELDOM_USED)
    await world.wait_for_delivery()
    world.provider.terms.sold_out.clear()


async def a_request_that_makes_no_video(world: World) -> None:
    await ask(world, model=WORD)
    await ask(world, prompt="\u200b")
    await ask(world, model="google/veo3", image=("cat.gif", b"GIF89a"))
    await ask(world, image=("cat.png", draw()), last_image=("dog.png", draw()), model="google/veo3")


async def a_image(world: World) -> None:
    await ask_for_video(world, image=("cat.png", draw()))
    result = the_result(world)
    await world.alice.click(result, custom_id=id_of(result, ":remix:"))


async def a_image_whose_link_is_dead(world: World) -> None:
    world.cdn.links_end = utc_now() + MARGIN / 2
    await ask_for_video(world, image=("cat.png", draw()))
    result = the_result(world)
    await world.alice.click(result, custom_id=id_of(result, ":reroll:"))
    world.cdn.links_end = None


async def a_cancelled_request(world: World) -> None:
    generation = await ask_and_hold(world)
    message = card(world, generation)
    await world.alice.click(message, custom_id=id_of(message, ":stop:"))
    world.provider.release()
    await world.wait_for_delivery()
    await world.alice.slash(world.channel, "videos")


async def made_anew(world: World) -> None:
    await ask_for_video(world)
    result = the_result(world)
    form = await world.alice.click(result, custom_id=id_of(result, ":remix:"))
    await world.alice.submit_modal(form, CHANGED)
    await world.wait_for_delivery()
    await world.alice.click(result, custom_id=id_of(result, ":reroll:"))
    await world.alice.click(result, custom_id=id_of(result, ":reroll:"))
    await world.wait_for_delivery()


async def continued(world: World) -> None:
    await ask_for_video(world)
    result = the_result(world)
    form = await world.alice.click(result, custom_id=id_of(result, ":continue:"))
    await world.alice.submit_modal(form, CONTINUED)
    await world.wait_for_delivery()
    page = shown(await world.alice.slash(world.channel, "videos")).message
    await world.mona.slash(world.channel, "veo-admin settings", ask_first=True)
    form = await world.alice.click(result, custom_id=id_of(result, ":continue:"))
    await world.alice.submit_modal(form, CONTINUED)
    await world.mona.slash(world.channel, "veo-admin settings", ask_first=False)
    await result.delete()
    world.provider.faults.add("cdn", Fault.status(404), times=None)
    form = await world.alice.click(page, custom_id=id_of(page, ":continue:"))
    await world.alice.submit_modal(form, CONTINUED)
    world.provider.faults.clear()
    await world.wait_for_delivery()


async def deleted(world: World) -> None:
    await ask_for_video(world)
    result = the_result(world)
    answer = await world.alice.click(result, custom_id=id_of(result, ":delete:"))
    question = shown(answer).message
    await world.alice.click(question, custom_id=id_of(question, "delete-yes"))
    await world.alice.slash(world.channel, "videos")


async def forgotten(world: World) -> None:
    await ask_for_video(world)
    await world.alice.slash(world.channel, "privacy export")
    question = shown(await world.alice.slash(world.channel, "privacy delete")).message
    await world.alice.click(question, custom_id=id_of(question, ":forget:"))
    await world.alice.slash(world.channel, "videos")


async def the_menus(world: World) -> None:
    image = await world.mona.send(world.channel, PROMPT, attachments=[("cat.png", draw())])
    nothing = await world.mona.send(world.channel, "\u200b")
    for menu in ("Animate this image", "Make a video of this", "Make a film of this"):
        await world.alice.context_menu(world.channel, menu, image)
        await world.alice.context_menu(world.channel, menu, nothing)


async def a_film(world: World) -> None:
    await choose_moderators_channel(world, world.moderators_channel)
    world.provider.faults.add("create", Fault.status(400), only={"prompt": GREEN})
    form = await world.alice.slash(world.channel, "film", duration=4)
    offer = await world.alice.submit_modal(form, FILMED)
    message = shown(offer).message
    await world.alice.click(message, custom_id=id_of(message, ":film-yes:"))
    film = await finished(world, await latest(world))
    post = message_of(world, film.row.result_id)
    question = await world.alice.click(post, custom_id=id_of(post, ":film-delete:"))
    asked = shown(question).message
    await _report_film(world, post)
    card_now = message_of(world, film.row.card_id)
    form = await world.alice.click(card_now, custom_id=id_of(card_now, ":appeal-video:"))
    await world.alice.submit_modal(form, {"why": REASON})
    appeal = await _open_appeal(world)
    await world.mona.click(appeal, custom_id=id_of(appeal, ":allow:"))
    await world.alice.click(asked, custom_id=id_of(asked, ":film-delete-yes:"))
    await _all_entries_posted(world)


async def _report_film(world: World, post: discord.Message) -> None:
    """Let bob report a film that isn't his to remix, and a moderator delete it."""
    bob, moderators_channel = add_bob(world), world.moderators_channel
    for member in (world.alice, bob):
        await member.click(post, custom_id=id_of(post, ":film-remix:"))
    for _ in range(2):
        form = await bob.click(post, custom_id=id_of(post, ":film-report:"))
        await bob.submit_modal(form, {"reason": REASON})
    await eventually("a report", lambda: any(message.components for message in moderators_channel.history()))
    [report] = [message for message in moderators_channel.history() if message.components]
    await world.mona.click(report, custom_id=id_of(report, ":block:"))
    await world.mona.click(report, custom_id=id_of(report, ":delete:"))


async def a_film_that_is_none(world: World) -> None:
    await world.mona.slash(world.channel, "quota set", videos="1", preview=False)
    for shots in ("\n", "\n".join([PROMPT] * 9), f"{PROMPT}\n{GREEN}"):
        form = await world.alice.slash(world.channel, "film")
        await world.alice.submit_modal(form, {**FILMED, "shots": shots})


async def a_report(world: World) -> None:
    await choose_moderators_channel(world, world.moderators_channel)
    video = await ask_for_video(world)
    bob, result = add_bob(world), the_result(world)
    form = await bob.click(result, custom_id=id_of(result, ":report:"))
    await bob.submit_modal(form, {"reason": REASON})
    form = await bob.click(result, custom_id=id_of(result, ":report:"))
    await bob.submit_modal(form, {"reason": REASON})
    moderators_channel = world.moderators_channel
    await eventually("a report", lambda: any(message.components for message in moderators_channel.history()))
    [message] = [message for message in moderators_channel.history() if message.components]
    await _the_lists_of_home(world)
    await bob.click(message, custom_id=id_of(message, ":block:"))  # who is no moderator
    await world.mona.click(message, custom_id=id_of(message, ":block:"))
    await world.mona.click(message, custom_id=id_of(message, ":delete:"))
    removed = card(world, video)
    await bob.click(removed, custom_id=id_of(removed, ":appeal-video:"))  # whose video it isn't
    form = await world.alice.click(removed, custom_id=id_of(removed, ":appeal-video:"))
    await world.alice.submit_modal(form, {"why": REASON})
    appeal = await _open_appeal(world)
    await world.mona.click(appeal, custom_id=id_of(appeal, ":allow:"))
    await world.alice.click(removed, custom_id=id_of(removed, ":appeal-video:"))  # a second time
    await world.alice.slash(world.channel, "videos")
    await ask(world)
    await _all_entries_posted(world)


async def refusals(world: World) -> None:
    mona, channel = world.mona, world.channel
    await mona.slash(channel, "veo-admin words add", word=WORD)
    await ask(world, prompt=WORD)
    await mona.slash(channel, "veo-admin settings", longest_duration=4, highest_resolution="720P")
    await ask(world, duration=8)
    await ask(world, resolution="1080P")
    await mona.slash(channel, "veo-admin settings", models="Veo 3 Fast")
    await ask(world, model="google/veo3")
    await mona.slash(channel, "veo-admin settings", reset="models", channels=world.moderators_channel.mention)
    await ask(world)
    await mona.slash(channel, "veo-admin settings", reset="channels")
    await mona.slash(channel, "quota budget", day="0 USD")
    await ask(world)
    await mona.slash(channel, "quota budget", day="none")
    await mona.slash(channel, "quota set", window="day", videos="0", member=world.alice)
    await ask(world)
    await mona.slash(channel, "veo-admin block", member=world.alice, reason=WHY)
    await ask(world)
    await world.alice.slash(channel, "usage")
    await mona.slash(channel, "veo-admin pause", reason=WHY)
    await ask(world)
    await world.alice.slash(channel, "usage")


async def strikes(world: World) -> None:
    mona, channel = world.mona, world.channel
    await choose_moderators_channel(world, world.moderators_channel)
    await mona.slash(channel, "veo-admin strikes")
    await mona.slash(channel, "veo-admin words add", word=WORD)
    await mona.slash(channel, "veo-admin strikes", ladder="many")
    await mona.slash(channel, "veo-admin strikes", ladder="2: 1h, 1: 1h")
    await mona.slash(channel, "veo-admin strikes", ladder="101: 1h")
    await mona.slash(channel, "veo-admin strikes", ladder="2: 90m, 3: 1 day, 4: moderator", days=1)
    await mona.slash(channel, "veo-admin strikes", days=7)
    await ask_for_video(world)
    bob, result = add_bob(world), the_result(world)
    form = await bob.click(result, custom_id=id_of(result, ":report:"))
    await bob.submit_modal(form, {"reason": REASON})
    moderators_channel = world.moderators_channel
    await eventually("a report", lambda: any(message.components for message in moderators_channel.history()))
    [message] = [message for message in moderators_channel.history() if message.components]
    world.provider.faults.add("retrieve", Fault.failed(FILTERED))
    await ask(world)
    await world.wait_for_delivery()
    await mona.click(message, custom_id=id_of(message, ":delete:"))
    await eventually("a message about each", lambda: len(direct_messages(world)) >= len(("safety", "report")))
    await world.alice.slash(channel, "usage")
    await _the_lists_of_home(world)
    await mona.slash(channel, "veo-admin forgive", member=world.alice)
    for _ in range(3):
        await ask(world, prompt=WORD)
        await mona.slash(channel, "veo-admin unblock", member=world.alice)
    await mona.slash(channel, "veo-admin block", member=world.alice, **{"for": "3 days"})
    await mona.slash(channel, "veo-admin forgive", member=world.alice)
    await mona.slash(channel, "veo-admin block", member=world.alice)
    await mona.slash(channel, "veo-admin forgive", member=world.alice)
    await mona.slash(channel, "veo-admin strikes", enabled=False)
    log = shown(await mona.slash(channel, "veo-admin log")).message
    newest = await world.app.services.moderation.list_log(world.guild.id, size=1)
    await mona.click(log, custom_id=f"veo1:undo:{newest[0].id}")
    await _all_entries_posted(world)
    await world.alice.slash(channel, "privacy export")


async def limits(world: World) -> None:
    mona, channel = world.mona, world.channel
    await choose_moderators_channel(world, world.moderators_channel)
    await mona.slash(channel, "quota rules")
    await mona.slash(channel, "quota set", window="day", videos="1")
    await mona.slash(channel, "quota set", at_once="3", member=world.alice, reason=WHY)
    await mona.slash(channel, "quota budget", day="5 USD", month="unlimited", reason=WHY)
    await ask_for_video(world)
    await ask(world)
    await mona.slash(channel, "quota grant", member=world.alice, videos=2, reason=WHY)
    await mona.slash(channel, "quota rules", member=world.alice)
    await world.alice.slash(channel, "usage")
    await mona.slash(channel, "quota reset", member=world.alice)
    await mona.slash(channel, "quota budget")
    await mona.slash(channel, "quota unset", member=world.alice)
    await mona.slash(channel, "quota unset", member=world.alice)
    await mona.slash(channel, "quota rules")
    await mona.slash(channel, "veo-admin log")
    await _all_entries_posted(world)


async def input_that_makes_no_sense(world: World) -> None:
    mona, channel = world.mona, world.channel
    for amount in ("5", "5,5 USD", "much", "99999999999 USD"):
        await mona.slash(channel, "quota budget", day=amount)
    await mona.slash(channel, "quota set", window="day", videos="many")
    await mona.slash(channel, "quota grant", member=world.alice, videos=1, until="yesterday")
    await mona.slash(channel, "quota grant", member=world.alice, videos=1, until="9999d")
    await mona.slash(channel, "veo-admin words add", word="?")
    await mona.slash(channel, "veo-admin words remove", word=WORD)
    await mona.slash(channel, "veo-admin settings", models="nonsense")
    await mona.slash(channel, "veo-admin settings", channels="nowhere")


async def the_use_of_the_server(world: World) -> None:
    await ask_for_video(world)
    for period in ("day", "week", "month", "year"):
        await world.mona.slash(world.channel, "quota usage", period=period)


async def the_home_of_moderators(world: World) -> None:
    home = shown(await world.mona.slash(world.channel, "veo-admin home")).message
    await world.mona.click(home, custom_id="veo1:home:refresh")
    for place in TARGETS:
        await world.mona.click(home, custom_id=f"veo1:open:{place}")
    guide = shown(await world.mona.click(home, custom_id="veo1:open:setup")).message
    await world.mona.click(guide, custom_id="veo1:setup-now:all")
    for step in SetupStep:
        await world.mona.click(guide, custom_id=f"veo1:setup:{step}")


async def _the_lists_of_home(world: World) -> None:
    """Open each list that has something in it."""
    home = shown(await world.mona.slash(world.channel, "veo-admin home")).message
    rows = [row for row in home.components if isinstance(row, discord.ActionRow)]
    offered = {str(getattr(child, "custom_id", "")) for row in rows for child in row.children}
    opened = [name for name in LISTS if f"veo1:open:{name}" in offered]
    assert opened, "nothing is listed"
    for name in opened:
        found = shown(await world.mona.click(home, custom_id=f"veo1:open:{name}")).message
        await world.mona.click(found, custom_id=f"veo1:list:{name}:0")


async def moderation(world: World) -> None:
    mona, channel = world.mona, world.channel
    await choose_moderators_channel(world, world.moderators_channel)
    generation = await ask_and_hold(world)
    await the_home_of_moderators(world)
    await mona.slash(channel, "veo-admin queue")
    await mona.slash(channel, "veo-admin settings")
    await mona.slash(channel, "veo-admin settings", longest_duration=4, preview=False)
    await mona.slash(channel, "veo-admin settings", delivery="channel")
    await mona.slash(channel, "veo-admin doctor")
    for name, options in (
        ("pause", {"reason": WHY}),
        ("doctor", {}),
        ("pause", {}),
        ("resume", {}),
        ("resume", {}),
        ("block", {"member": world.alice, "for": "3 days", "reason": WHY}),
        ("blocked", {}),
        ("unblock", {"member": world.alice}),
        ("unblock", {"member": world.alice}),
        ("blocked", {}),
        ("words add", {"word": WORD, "preview": False}),
        ("words add", {"word": WORD}),
        ("words list", {}),
        ("words remove", {"word": WORD}),
        ("words list", {}),
    ):
        chosen: dict[str, Any] = options
        await mona.slash(channel, f"veo-admin {name}", **chosen)
        if name == "block":
            await _the_lists_of_home(world)
    queue = shown(await mona.slash(channel, "veo-admin queue")).message
    await mona.click(queue, custom_id=id_of(queue, generation.id))
    world.provider.release()
    await mona.slash(channel, "veo-admin queue")
    await mona.slash(channel, "veo-admin log")
    await _all_entries_posted(world)


async def previews(world: World) -> None:
    mona, moderation = world.mona, world.app.services.moderation
    await ask_for_video(world)
    privacy = await world.alice.slash(world.channel, "privacy delete")
    await world.alice.click(shown(privacy).message, custom_id=id_of(shown(privacy).message, ":forget:"))

    async def previewed(name: str, **options: Any) -> discord.Message:
        return shown(await mona.slash(world.channel, name, **options)).message

    async def click(message: discord.Message, action: str) -> simcord.InteractionResult:
        return await mona.click(as_shown(world, message), custom_id=id_of(as_shown(world, message), action))

    await previewed("veo-admin words add", word=WORD)  # no prompt is kept
    await ask_for_video(world, prompt=f"{PROMPT} {WORD}")
    message = await previewed("veo-admin words add", word=WORD)
    await moderation.add_word(mona_of(world), f"{PROMPT} {WORD}")
    await click(message, ":try-save:")
    form = await click(message, ":try-change:")
    await mona.submit_modal(form, {"word": PROMPT})
    await click(message, ":try-save:")
    settings = await previewed(
        "veo-admin settings", longest_duration=6, channels=world.moderators_channel.mention
    )
    await moderation.change_settings(mona_of(world), {"longest_duration": 7})
    await click(settings, ":try-save:")
    await click(settings, ":try-drop:")
    await previewed("quota set", videos="1")


async def carried_rules(world: World) -> None:
    await choose_moderators_channel(world, world.moderators_channel)
    await ask_for_video(world)
    await world.mona.slash(world.channel, "veo-admin words add", word=WORD, preview=False)
    [file] = shown(await world.mona.slash(world.channel, "veo-admin export")).attachments
    rules = json.loads(await file.read())

    async def load(**changes: Any) -> discord.Message:
        content = json.dumps({**rules, **changes}).encode()
        return shown(
            await world.mona.slash(world.channel, "veo-admin import", file=("rules.json", content))
        ).message

    await load()  # what holds here already
    for field, value in {"version": 2, "format": WORD, WORD: 1, "server": ""}.items():
        await load(**{field: value})
    message = await load(**CARRIED)
    await world.mona.slash(world.channel, "quota set", videos="3", preview=False)
    for _ in range(2):
        await world.mona.click(message, custom_id=id_of(message, ":try-save:"))
        message = as_shown(world, message)
    newest = await world.app.services.moderation.list_log(world.guild.id, size=1)
    log = shown(await world.mona.slash(world.channel, "veo-admin log")).message
    await world.mona.slash(world.channel, "quota set", videos="5", preview=False)
    await world.mona.click(log, custom_id=f"veo1:undo:{newest[0].id}")
    await world.mona.click(as_shown(world, log), custom_id=id_of(as_shown(world, log), ":undo-anyway:"))
    await _all_entries_posted(world)


async def an_appeal(world: World) -> None:
    await choose_moderators_channel(world, world.moderators_channel)
    await world.mona.slash(world.channel, "veo-admin words add", word=WORD)
    for action, prompt in (("allow", f"{PROMPT} {WORD}"), ("decline", f"{GREEN} {WORD}")):
        refusal = shown(await ask(world, prompt=prompt)).message
        form = await world.alice.click(refusal, custom_id=id_of(refusal, ":appeal:"))
        await world.alice.submit_modal(form, {"why": REASON})
        await world.alice.click(refusal, custom_id=id_of(refusal, ":appeal:"))  # one is open
        message = await _open_appeal(world)
        await _the_lists_of_home(world)
        await add_bob(world, name=f"bob {action}").click(message, custom_id=id_of(message, f":{action}:"))
        answer = await world.mona.click(message, custom_id=id_of(message, f":{action}:"))
        if action == "decline":
            await world.mona.submit_modal(answer, {"words": WHY})
    await ask(world, prompt=f"{PROMPT} {WORD}")
    await world.wait_for_delivery()
    await world.alice.slash(world.channel, "privacy export")
    await _all_entries_posted(world)


async def a_review(world: World) -> None:
    await world.mona.slash(world.channel, "veo-admin settings", review="some people")
    await world.mona.slash(world.channel, "veo-admin settings", review="newcomers 0 days")
    await world.mona.slash(world.channel, "veo-admin settings", review="newcomers 7 days 3 videos")
    await choose_moderators_channel(world, world.moderators_channel)
    for action in ("approve", "decline"):
        await ask(world)
        message = await _open_appeal(world)
        await world.mona.slash(world.channel, "veo-admin queue")
        home = shown(await world.mona.slash(world.channel, "veo-admin home")).message
        await world.mona.click(home, custom_id=id_of(home, ":reviews-show:"))
        await _the_lists_of_home(world)
        await add_bob(world, name=f"bob {action}").click(message, custom_id=id_of(message, f":{action}:"))
        answer = await world.mona.click(message, custom_id=id_of(message, f":{action}:"))
        if action == "decline":
            await world.mona.submit_modal(answer, {"words": WHY})
        await world.wait_for_delivery()
        await world.mona.click(home, custom_id=id_of(home, ":reviews-show:"))
    form = await world.alice.slash(world.channel, "film", duration=4)
    offer = shown(await world.alice.submit_modal(form, FILMED)).message
    await world.alice.click(offer, custom_id=id_of(offer, ":film-yes:"))
    message = await _open_appeal(world)
    answer = await world.mona.click(message, custom_id=id_of(message, ":decline:"))
    await world.mona.submit_modal(answer, {"words": WHY})
    await finished(world, await latest(world))
    await world.alice.slash(world.channel, "privacy export")
    await world.mona.slash(world.channel, "veo-admin settings", review="everybody")
    await world.mona.slash(world.channel, "veo-admin log")
    await _all_entries_posted(world)


async def a_finished_video_in_review(world: World) -> None:
    await choose_moderators_channel(world, world.moderators_channel)
    await world.mona.slash(
        world.channel, "veo-admin settings", review="everybody", review_stage="posted", review_timeout="end"
    )
    for action in ("approve", "decline", "cancel"):
        await ask(world)
        message = await _open_appeal(world)
        await world.mona.slash(world.channel, "veo-admin queue")
        home = shown(await world.mona.slash(world.channel, "veo-admin home")).message
        await world.mona.click(home, custom_id=id_of(home, ":reviews-show:"))
        if action == "cancel":
            card_message = card(world, (await rows(world))[0])
            await world.alice.click(card_message, custom_id=id_of(card_message, ":stop:"))
        else:
            answer = await world.mona.click(message, custom_id=id_of(message, f":{action}:"))
            if action == "decline":
                await world.mona.submit_modal(answer, {"words": WHY})
        await world.wait_for_delivery()
        await world.alice.slash(world.channel, "videos")
        await eventually("nothing is open", lambda: not any(one.components for one in _posts_of(world)))
    await _all_entries_posted(world)


def _posts_of(world: World) -> Sequence[discord.Message]:
    return world.moderators_channel.history()


async def _open_appeal(world: World) -> discord.Message:
    moderators_channel = world.moderators_channel
    await eventually("an appeal", lambda: any(message.components for message in moderators_channel.history()))
    return next(message for message in moderators_channel.history() if message.components)


async def _all_entries_posted(world: World) -> None:
    """Wait until the moderators' channel has all that was done."""
    log = world.app.services.moderation

    async def count() -> int:
        return len(await log.list_log(world.guild.id, size=50))

    done = await count()
    await eventually("all entries", lambda: len(world.moderators_channel.history()) >= done)


FLOWS: tuple[Flow, ...] = (
    a_video,
    a_video_with_every_option,
    nothing_yet,
    a_failure,
    a_model_that_is_gone,
    a_request_that_makes_no_video,
    a_image,
    a_image_whose_link_is_dead,
    a_cancelled_request,
    made_anew,
    continued,
    a_film,
    a_film_that_is_none,
    deleted,
    forgotten,
    the_menus,
    a_report,
    an_appeal,
    a_review,
    a_finished_video_in_review,
    refusals,
    strikes,
    limits,
    previews,
    carried_rules,
    input_that_makes_no_sense,
    the_use_of_the_server,
    moderation,
)
