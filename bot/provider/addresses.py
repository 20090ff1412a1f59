"""Public addresses of the Internet. Pure.

An address that others name must not lead into the network of the machine that fetches it: to its own
services, its neighbours, or a cloud's metadata (169.254.169.254).
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

from yarl import URL

BEHIND_HOST = frozenset("/?#\\")  # where an address's host ends
NAT64 = IPv6Network("64:ff9b::/96")  # IPv4 in the last 32 bits (RFC 6052); the only way out of some networks


def is_public(address: str) -> bool:
    """Whether `address` is an IP address that anybody may reach; a name, or another spelling, is not.

    An IPv6 address that stands for an IPv4 one is judged as that.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if (meant := _embedded(ip)) is not None:
            return is_public(str(meant))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address, in one spelling.

    Raises:
        ValueError: it has none.
    """
    return str(URL(address).origin())


def exact_address(address: str) -> URL:
    """Return an address that is asked for as it is written, since a signature may cover its escapes.

    What cannot be sent so, as letters beyond ASCII and spaces, is escaped as browsers do, and only that.

    Raises:
        ValueError: it is none.
    """
    usual = URL(address)
    scheme, mark, rest = address.partition("://")
    end = next((index for index, char in enumerate(rest) if char in BEHIND_HOST), len(rest))
    host, rest = rest[:end].lower(), rest[end:]
    if not host.isascii():
        host = usual.raw_authority
    rest = "".join(char if "!" <= char <= "~" else quote(char) for char in rest)
    exact = URL(scheme.lower() + mark + host + rest, encoded=True)
    # What is checked must be what is asked: the host and the scheme in their one spelling.
    is_same = (exact.scheme, exact.raw_host, exact.port, exact.user, exact.password) == (
        *(usual.scheme, usual.raw_host, usual.port, usual.user, usual.password),
    )
    return exact if is_same else usual


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
