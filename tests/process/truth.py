"""Whether what members were told is true, by the provider's own books."""

from bot.failures import SENTENCES, STILL_ASKED, FailureKind
from tests.process.scene import TOO_LARGE, Row, Scene
from tests.wire_discord import Message

UNTAKEN = tuple(
    SENTENCES[kind]
    for kind in (FailureKind.REFUSED, FailureKind.UNTAKEN, FailureKind.TROUBLE, FailureKind.MODEL_GONE)
)


def is_lost(scene: Scene, row: Row) -> bool:
    """Whether the provider made a video for a request that was told to have none and may have one."""
    is_made = any(job.is_success for job in scene.provider.log.jobs_of(row.id))
    return is_made and row.status == "failed" and row.failure_kind != "broken"


def find_lies(scene: Scene, row: Row) -> list[str]:
    """Return what is wrong with the messages about a request, and with what it is said to have cost."""
    jobs, results = scene.provider.log.jobs_of(row.id), scene.results(row.id)
    videos = [message for message in results if _is_video(message)]
    told = [message.content for message in results if not _is_video(message)]
    words = "\n".join(told)
    is_asked_for = row.is_asked_for or any(job.is_failure for job in jobs) or bool(videos)
    costs = {None, *(float(job.cost) for job in jobs)}
    lies = {
        "has no result": not results,
        f"was told {len(results)} times": len(videos) > 1 or len(set(told)) < len(told),
        f"has {len(videos)} videos": bool(videos) != (row.status == "succeeded"),
        "has a video after an end that was final": bool(videos)
        and any(STILL_ASKED not in said for said in told),
        "has a video that was never delivered": is_lost(scene, row),
        "was said not to have been taken, and was": bool(jobs) and any(said in words for said in UNTAKEN),
        "was said to be asked for, and is not": STILL_ASKED in words and not is_asked_for,
        f"was said to cost {row.credits}": row.credits not in costs,
        "shows the key": scene.provider.key in "\n".join(message.content for message in results),
    }
    return [lie for lie, is_so in lies.items() if is_so]


def _is_video(message: Message) -> bool:
    return bool(message.attachments) or TOO_LARGE in message.content
