"""A model that is gone: what waits for it ends, with a button that makes the same video by the next one."""

import pytest

from bot.admission.prices import PriceList
from bot.db.models import Status
from bot.failures import FailureKind
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.driver import ask, ask_for_video, card_of, results, rows, shown
from tests.e2e.filming import SHOTS, finished, make_film
from tests.e2e.moderating import admin
from tests.e2e.quoting import as_shown, now_shown, offer_in, prices_known
from tests.e2e.reporting import buttons
from tests.e2e.test_film_redo import redone
from tests.e2e.videos import message_of, options_of, question

GONE = "google/veo3"
INSTEAD = "Make it with Veo 3 Fast · about $0.78"


@pytest.mark.nightly
async def test_a_request_of_a_model_that_is_gone_ends_with_a_way_on(own_world: World) -> None:
    world = own_world
    await prices_known(world)
    world.provider.terms.sold_out.add(GONE)
    await ask(world, model=GONE)
    ended = await world.wait_for_delivery()
    assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.MODEL_GONE)
    assert "This didn't count toward your limit." in card_of(world, ended)
    [message] = results(world)
    assert buttons(message) == [INSTEAD, "Remix"]

    await admin(world, "settings", ask_first=True)
    assert "$0.78" in offer_in(await world.alice.click(message, label=INSTEAD)).content
    assert len(await rows(world)) == 1, "it was asked for although the price has to be confirmed"
    await admin(world, "settings", ask_first=False)
    await world.restart()
    assert not shown(await world.alice.click(message, label=INSTEAD)).ephemeral
    made = await world.wait_for_delivery()
    assert (made.model, made.prompt, made.options) == ("google/veo-3.0-fast", ended.prompt, ended.options)
    assert (made.source_id, made.status) == (ended.id, Status.SUCCEEDED)
    second = await world.alice.click(message, label=INSTEAD)
    assert "Your second click didn't count." in shown(second).content


@pytest.mark.nightly
async def test_where_no_other_model_takes_references_none_is_to_be_chosen(own_world: World) -> None:
    world, model = own_world, "google/veo-3.1-reference-to-video"
    await prices_known(world)
    world.provider.terms.sold_out.add(model)
    await ask(world, reference_1=("cat.png", draw()), duration=8)
    ended = await world.wait_for_delivery()
    assert ended.failure_kind is FailureKind.MODEL_GONE
    [message] = results(world)
    assert (
        "None of the other models you can use here can make such a video. Try again later." in message.content
    )
    assert "Choose another one." not in message.content
    assert buttons(message) == ["Try again"]


@pytest.mark.nightly
async def test_the_rest_of_a_film_whose_model_goes_is_offered_with_its_successor(own_world: World) -> None:
    world = own_world
    world.provider.hold = True
    film = await make_film(world, model=GONE)
    await world.provider.called("create")
    world.provider.terms.sold_out |= {GONE, "google/veo-3.0-i2v"}
    world.provider.release()
    film = await finished(world, film)
    assert [shot.failure_kind for shot in film.shots] == [
        None,
        FailureKind.MODEL_GONE,
        FailureKind.MODEL_GONE,
    ]
    ending = message_of(world, film.shots[1].result_id)
    assert buttons(ending) == [INSTEAD]
    assert "This didn't count toward your limit. You can make this shot with another one." in ending.content

    form = await world.alice.click(ending, label=INSTEAD)
    offer = question(await world.alice.submit_modal(form, {"prompt": SHOTS[1]}))
    assert "**Veo 3 Fast**" in now_shown(world, offer)
    assert buttons(offer) == ["Redo shot 2 · about $0.78", "Redo shots 2–3 · about $1.56", "Cancel"]
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[1])
    again = await redone(world, film)
    assert [shot.status for shot in again.shots] == [Status.SUCCEEDED] * 3
    assert {shot.model for shot in again.shots[1:]} == {"google/veo-3.0-i2v-fast"}


async def test_no_form_offers_a_model_that_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    source = await ask_for_video(world, model="google/veo-3.0-fast")
    post, said = message_of(world, source.result_id), await world.mona.send(world.channel, "a dragon")
    gone = {GONE, "google/veo-3.0-i2v", "google/veo3-1-extend-video"}
    monkeypatch.setattr(PriceList, "gone", frozenset(gone))
    forms = [
        await world.alice.context_menu(world.channel, "Make a video of this", said),
        *[await world.alice.click(post, label=label) for label in ("Remix", "Continue", "Extend")],
    ]
    for form in forms:
        offered = options_of(form)["model"]
        assert offered, "there is nothing to choose"
        assert gone & {*offered} == set()
