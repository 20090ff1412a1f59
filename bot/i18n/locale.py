"""Saying things in the reader's language.

Which one that is belongs to the task that speaks: whoever begins to speak to somebody, at the edge of a
command or where a message is rendered, says so with `use_locale` or `locale_used`; everything below only
marks its texts. `make translations` collects the marked texts; they have to be literals for that.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import LiteralString

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from bot.i18n.catalogues import ENGLISH, formats, language_of, translations

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def use_locale(locale: str | None) -> None:
    """Speak the language of one of Discord's locales for the rest of the task; None: English."""
    _language.set(language_of(locale))


def current_language() -> str:
    """Return the language that is spoken, named as its catalogue."""
    return _language.get()


@contextmanager
def locale_used(locale: str | None) -> Generator[None]:
    """Speak the language of one of Discord's locales inside the block; None: English."""
    token = _language.set(language_of(locale))
    try:
        yield
    finally:
        _language.reset(token)


def _(message: LiteralString, /, **values: object) -> str:
    """Return a text in the reader's language; `{name}` in it becomes `values["name"]`."""
    text = translations(_language.get()).gettext(message) if message else ""  # "" is the catalogue's header
    return text.format(**values) if values else text


def ngettext(one: LiteralString, many: LiteralString, count: float, /, **values: object) -> str:
    """Return the form of a text that fits a number, which is `{count}` in it."""
    text = translations(_language.get()).ngettext(one, many, int(count))
    return text.format(count=number(count), **values)


def pgettext(context: LiteralString, message: LiteralString, /, **values: object) -> str:
    """Return a text whose meaning the English word alone does not tell; `context` is for translators."""
    text = translations(_language.get()).pgettext(context, message)
    return text.format(**values) if values else text


def N_(message: LiteralString, /) -> LiteralString:  # noqa: N802 gettext's customary name
    """Mark a text in a table or a constant; it is translated where `_` gets it."""
    return message


def NC_(context: LiteralString, message: LiteralString, /) -> LiteralString:  # noqa: N802 GLib's name
    """Mark such a text for `pgettext`, which gets it with the same context."""
    del context  # for translators
    return message


def translate_stored(text: str, /) -> str:
    """Return a text of ours that was written down in English; any other comes back as it is."""
    return (text and translations(_language.get()).gettext(text)) or text


def number(value: float, digits: int | None = None) -> str:
    """Return a number with the separators of the reader's language; `digits`: so many decimals."""
    return _number(value, digits, _language.get())


# A card says a dozen numbers, mostly the same small ones; formatting one costs as much as a statement.
@lru_cache(maxsize=1024)
def _number(value: float, digits: int | None, language: str) -> str:
    pattern = None if digits is None else f"#,##0.{'0' * digits}"
    return format_decimal(value, pattern, locale=formats(language))


def dollars(amount: float, *, cents: bool = True) -> str:
    """Return an amount of USD, such as "$1,234.50"; without `cents` as a whole number."""
    locale = formats(_language.get())
    pattern: str = locale.currency_formats["standard"].pattern
    shown = pattern if cents else pattern.replace(".00", "")
    return format_currency(amount, "USD", shown, locale=locale, currency_digits=False)


def date(at: datetime, skeleton: str) -> str:
    """Return the parts of a moment that a Unicode skeleton names, such as "5 March" for "MMMMd"."""
    return format_skeleton(skeleton, at, locale=_prose())


def long_date(at: datetime) -> str:
    """Return the day of a moment in full, such as "5 March 2026"."""
    return format_date(at, "long", locale=_prose())


def format_or(words: Iterable[str]) -> str:
    """Return words as a choice, such as "a, b or c"."""
    return format_list(list(words), style="or", locale=_prose())


def format_and(words: Iterable[str]) -> str:
    """Return words as a list, such as "a, b and c"."""
    return format_list(list(words), locale=_prose())


def _prose() -> Locale:
    """Return how lists and dates are written; our English is the world's, not America's."""
    language = _language.get()
    return formats("en_001" if language == ENGLISH else language)
