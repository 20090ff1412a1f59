"""Which addresses are everybody's."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.provider.addresses import exact_address, is_public, origin_of

# IANA's registries of special-purpose addresses, as far as nothing public lies in them.
PRIVATE = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        *("::/127", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]


@st.composite
def private_addresses(draw: st.DrawFn) -> str:
    """Any address of a private network, and for IPv4 in all the ways in which IPv6 writes it."""
    network = draw(st.sampled_from(PRIVATE))
    address = network[draw(st.integers(0, network.num_addresses - 1))]
    if isinstance(address, IPv6Address):
        return str(address)
    number = int(address)
    return draw(
        st.sampled_from(
            [
                str(address),
                f"::ffff:{address}",
                str(IPv6Address(0x0064_FF9B << 96 | number)),
                str(IPv6Address(0x2002 << 112 | number << 80)),
                str(IPv6Address(number)),  # the old "compatible" form
            ]
        )
    )


@given(private_addresses())
def test_no_spelling_of_a_private_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "162.159.135.233",
        "2606:4700::6810:1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
    ],
)
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "1.1.1.1.", "fe80::1%eth0", "1.1.1"],
)
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_as_public_as_the_one_it_stands_for(address: IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") is is_public(str(address))
    assert ip_address(f"::ffff:{address}").version == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://api.aimlapi.com", "https://API.aimlapi.com:443/v2/x?y#z"),
        ("http://10.0.0.1:8080/base", "http://10.0.0.1:8080"),
    ],
)
def test_one_origin_has_one_spelling(one: str, other: str) -> None:
    assert origin_of(one) == origin_of(other)


@pytest.mark.parametrize(
    "other", ["http://host", "https://host:444", "https://host.evil", "https://evil/host", "https://ho"]
)
def test_other_origins_are_others(other: str) -> None:
    assert origin_of("https://host") != origin_of(other)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://cdn.example/a/./b?s=%2B%2f~%7e", "https://cdn.example/a/./b?s=%2B%2f~%7e"),
        ("HTTPS://cdn.example/%7e", "https://cdn.example/%7e"),
        ("https://cdn.example/ä b", "https://cdn.example/%C3%A4%20b"),
    ],
)
def test_an_address_stays_as_it_is_written_unless_it_cannot_be_sent_so(address: str, expected: str) -> None:
    assert str(exact_address(address)) == expected
