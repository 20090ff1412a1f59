"""Values of settings as people write them: in quotes, as an example shows them, with too much at the end."""

from collections.abc import Collection, Mapping

from yarl import URL

# What examples and word processors put around a value; `docker run --env-file` takes it for a part of it.
WRAPPINGS = frozenset(
    {
        *(('"', '"'), ("'", "'"), ("<", ">"), ("`", "`"), ("\u201c", "\u201d"), ("\u201e", "\u201c")),
        *(("\u2018", "\u2019"), ("\u00ab", "\u00bb")),
    }
)

# What is said of a value, by pydantic's name of the problem: its own sentences speak of strings and input.
PROBLEMS: Mapping[str, str] = {
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "string_too_short": "must not be empty",
}


def sentence_about(problem: str, context: Mapping[str, object], otherwise: str) -> str:
    """Say what is wrong with a value, which stays out: it may be a secret in the wrong place.

    Args:
        problem: pydantic's name.
        context: what it says about it, such as the highest value.
        otherwise: its own sentence.
    """
    if problem not in PROBLEMS:
        return otherwise.removeprefix("Value error, ")
    return PROBLEMS[problem].format(**context).replace("'", "")


def is_wrapped(value: str) -> bool:
    """Whether a value stands in quotes or in brackets."""
    return len(value) > 1 and (value[0], value[-1]) in WRAPPINGS


def bare(value: str) -> str:
    """Return a value that has nothing around it.

    Raises:
        ValueError: it has.
    """
    if is_wrapped(value):
        raise ValueError(f"must not have {value[0]} and {value[-1]} around it")
    return value


def checked_url(value: str, schemes: Collection[str]) -> str:
    """Return an address that paths can be added to, in one spelling of its scheme and host.

    Raises:
        ValueError: it is none; `str()` says what it must be, and nothing of what it is.
    """
    kinds = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
    try:
        url = URL(value)
    except ValueError:
        url = URL()
    if url.scheme not in schemes or not url.host:
        raise ValueError(f"must be an address that starts with {kinds}")
    if url.raw_user or url.raw_password:
        raise ValueError("must have no user or password in it")
    if any(mark in value for mark in "?#"):
        raise ValueError("must end before a ? or #")
    scheme, mark, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}".rstrip("/")
