"""A blocked word as moderators read it. Pure text."""

from bot.admission.blocklist import WORD_MAX_LENGTH
from bot.escape import plain
from bot.i18n import _


def word_added(word: str, *, is_new: bool) -> str:
    """Return the answer to `words add`."""
    if is_new:
        return _(
            "✅ **Added.** I now reject prompts that contain “{word}”. Running requests continue.",
            word=shown_word(word),
        )
    return _("“{word}” was already on the list. Nothing changed.", word=shown_word(word))


def shown_word(word: str) -> str:
    """Return a word or phrase as it can be shown."""
    return plain(word, WORD_MAX_LENGTH)
