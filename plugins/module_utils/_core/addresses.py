# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Validates and normalises addresses and ports given by users."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, kind_of

IPAddress = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPInterface = t.Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
IPNetwork = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

#: The families as the modules' options name them.
FAMILIES = ("ipv4", "ipv6")

#: How many parsed texts to cache: enough for a few thousand endpoints.
_MANY = 16384
# The planner, the kinds and the records parse the same texts again and again, and parsing dominates the time spent on
# an address. These functions raise ValueError.
parse_address = functools.lru_cache(maxsize=_MANY)(ipaddress.ip_address)
parse_interface = functools.lru_cache(maxsize=_MANY)(ipaddress.ip_interface)
parse_network = functools.lru_cache(maxsize=_MANY)(ipaddress.ip_network)
_parse_masked = functools.lru_cache(maxsize=_MANY)(functools.partial(ipaddress.ip_network, strict=False))

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def family_of(value: IPAddress | IPInterface | IPNetwork) -> str:
    """The family of an address or network, as options name it."""
    return f"ipv{value.version}"


def spelled(value: IPAddress) -> str:
    """An address as the C library prints it, which differs from ``ipaddress`` for IPv4-mapped addresses."""
    return socket.inet_ntop(socket.AF_INET if value.version == 4 else socket.AF_INET6, value.packed)


class PortRange(t.NamedTuple):
    """Ports from ``first`` to ``last``, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def has(self, port: int) -> bool:
        return self.first <= port <= self.last

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def _text(option: str, value: object, what: str) -> str:
    """The value, if it is a string: unquoted, YAML reads 52:54:00:12:34:56 or 53:53 as a number, which is refused."""
    if not isinstance(value, str):
        raise Invalid(option, value, f"{what} is a string; quote it, YAML read it as {kind_of(value)}")
    return value.strip()


def mac(option: str, value: object) -> str:
    """A unicast MAC address, lower-case, ``aa:bb:cc:dd:ee:ff``."""
    text = _text(option, value, "a MAC address").lower()
    if not _MAC.fullmatch(text) or text == "00:00:00:00:00:00" or int(text[:2], 16) & 1:
        raise Invalid(option, value, "a unicast MAC address such as 02:42:ac:12:00:02")
    return text


def link_local(mac_address: str) -> ipaddress.IPv6Address:
    """The link-local address that the kernel derives from this MAC address (EUI-64), unless configured otherwise."""
    packed = bytearray.fromhex(mac_address.replace(":", ""))
    packed[0] ^= 2
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + packed[:3] + b"\xff\xfe" + packed[3:])


def address(option: str, value: object) -> IPAddress:
    """One IPv4 or IPv6 address, without prefix length."""
    text = _text(option, value, "an address")
    try:
        found = parse_address(text)
    except ValueError:
        raise Invalid(option, value, "an IPv4 or IPv6 address such as 172.18.0.10 or fd00:18::10") from None
    if "%" in text:
        raise Invalid(option, value, "an address without a zone")
    return found


def interface_address(option: str, value: object) -> IPInterface:
    """An address with prefix length, ``172.18.0.2/16``, other than the network and broadcast address."""
    text = _text(option, value, "an address")
    allowed = "an address with prefix length such as 172.18.0.2/16 or fd00:18::2/64"
    try:
        found = parse_interface(text)
    except ValueError:
        raise Invalid(option, value, allowed) from None
    if "/" not in text or "%" in text:
        raise Invalid(option, value, allowed)
    if found.ip.is_multicast or found.ip.is_unspecified:
        raise Invalid(option, value, "a unicast address")
    if found.network.num_addresses > 2 and found.version == 4:
        if found.ip == found.network.network_address:
            raise Invalid(option, value, f"an address of {found.network} other than the network address")
        if found.ip == found.network.broadcast_address:
            raise Invalid(option, value, f"an address of {found.network} other than the broadcast address")
    return found


def network(option: str, value: object) -> IPNetwork:
    """A network, ``172.18.0.0/16``; host bits must be zero."""
    text = _text(option, value, "a network")
    allowed = "a network such as 172.18.0.0/16 or fd00:18::/64"
    if "/" not in text or "%" in text:
        raise Invalid(option, value, allowed)
    try:
        found = _parse_masked(text)
    except ValueError:
        raise Invalid(option, value, allowed) from None
    if found.network_address != parse_interface(text).ip:
        raise Invalid(option, value, f"a network without host bits; did you mean {found}?")
    return found


def port_range(option: str, value: object) -> PortRange:
    """A port or a range of ports: 8080, ``"8080"`` or ``"5000-5010"``, each 1 to 65535."""
    allowed = 'a port from 1 to 65535 or a range such as "5000-5010"'
    text = str(value).strip()
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, str))
        or not re.fullmatch(r"[0-9]{1,5}(-[0-9]{1,5})?", text)
    ):
        raise Invalid(option, value, allowed)
    first, _dash, last = text.partition("-")
    found = PortRange(int(first), int(last or first))
    if not 1 <= found.first <= found.last <= 65535:
        raise Invalid(option, value, allowed)
    return found


@functools.lru_cache(maxsize=_MANY)
def derived_mac(*parts: str) -> str:
    """A stable, locally administered unicast MAC address derived from a text."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return bytes(((digest[0] & 0xFC) | 0x02, *digest[1:6])).hex(":")
