"""Saying things in the reader's language.

Which one that is belongs to the task that speaks: whoever begins to speak to somebody, at the edge of a
command or where a message is rendered, says so with `speaking`; everything below only marks its texts.
`make translations` collects the marked texts; they have to be literals for that.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import LiteralString

from babel.lists import format_list
from babel.numbers import format_decimal

from bot.language.catalogues import ENGLISH, formats, language_of, translations

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(locale: str | None) -> Generator[None]:
    """Speak the language of one of Discord's locales inside the block; None: English."""
    token = _language.set(language_of(locale))
    try:
        yield
    finally:
        _language.reset(token)


def _(message: LiteralString, /, **values: object) -> str:
    """Return a text in the reader's language; `{name}` in it becomes `values["name"]`."""
    text = translations(_language.get()).gettext(message)
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


def number(value: float) -> str:
    """Return a number with the separators of the reader's language."""
    return format_decimal(value, locale=formats(_language.get()))


def any_of(words: Iterable[str]) -> str:
    """Return words as a choice, such as "a, b or c"."""
    return format_list(list(words), style="or", locale=formats(_language.get()))


def every_one_of(words: Iterable[str]) -> str:
    """Return words as a list, such as "a, b and c"."""
    return format_list(list(words), locale=formats(_language.get()))
