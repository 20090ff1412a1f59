"""The languages of the texts: what is written in English in the code is said in the reader's language."""

from bot.i18n.locale import (
    N_,
    _,
    any_of,
    date,
    dollars,
    every_one_of,
    ngettext,
    number,
    pgettext,
    retold,
    speak,
    speaking,
    spoken,
)

__all__ = [
    "N_",
    "_",
    "any_of",
    "date",
    "dollars",
    "every_one_of",
    "ngettext",
    "number",
    "pgettext",
    "retold",
    "speak",
    "speaking",
    "spoken",
]
