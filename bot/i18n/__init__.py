"""The languages of the texts: what is written in English in the code is said in the reader's language."""

from bot.i18n.locale import (
    N_,
    NC_,
    _,
    current_language,
    date,
    dollars,
    format_and,
    format_or,
    locale_used,
    long_date,
    ngettext,
    number,
    pgettext,
    translate_stored,
    use_locale,
)

__all__ = [
    "NC_",
    "N_",
    "_",
    "current_language",
    "date",
    "dollars",
    "format_and",
    "format_or",
    "locale_used",
    "long_date",
    "ngettext",
    "number",
    "pgettext",
    "translate_stored",
    "use_locale",
]
