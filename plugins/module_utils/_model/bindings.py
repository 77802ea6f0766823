# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Options that assign MAC addresses to addresses."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options

#: The suboptions of a binding.
SPEC: Options = {"address": {"type": "str", "required": True}, "mac_address": {"type": "raw", "required": True}}

#: MAC addresses by address.
Bindings = t.Mapping[IPAddress, str]
Pair = tuple[IPAddress, str]
Given = t.Sequence[t.Mapping[str, t.Any]]


def read(option: str, given: Given | None) -> dict[IPAddress, str] | None:
    """The bindings of a list of dictionaries; None without a list. Raises Invalid for a repeated address."""
    if given is None:
        return None
    found: dict[IPAddress, str] = {}
    for number, raw in enumerate(given):
        address, mac_address = _read(f"{option}[{number}]", raw)
        if address in found:
            raise Invalid(f"{option}[{number}].address", raw["address"], "an address that is not in the list already")
        found[address] = mac_address
    return found


def read_addresses(option: str, given: t.Sequence[str] | None) -> tuple[IPAddress, ...] | None:
    """A list of addresses. Raises Invalid for a repeated one."""
    if given is None:
        return None
    found: dict[IPAddress, None] = {}
    for number, raw in enumerate(given):
        address = _unicast(f"{option}[{number}]", raw)
        if address in found:
            raise Invalid(f"{option}[{number}]", raw, "an address that is not in the list already")
        found[address] = None
    return tuple(found)


def read_pairs(option: str, given: Given | None) -> tuple[Pair, ...] | None:
    """Like ``read``, but an address may have several MAC addresses: a machine may have several interfaces."""
    if given is None:
        return None
    return ordered(_read(f"{option}[{number}]", raw) for number, raw in enumerate(given))


def _read(option: str, raw: t.Mapping[str, t.Any]) -> Pair:
    return _unicast(f"{option}.address", raw["address"]), addresses.mac(f"{option}.mac_address", raw["mac_address"])


def _unicast(option: str, raw: object) -> IPAddress:
    address = addresses.address(option, raw)
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise Invalid(option, raw, "the unicast address of a neighbour")
    return address


def ordered(found: t.Iterable[Pair]) -> tuple[Pair, ...]:
    """The pairs without duplicates, in canonical order: IPv4 first, then numerically."""
    return tuple(sorted(set(found), key=lambda one: (one[0].version, int(one[0]), one[1])))


def views(found: t.Iterable[Pair]) -> list[dict[str, str]]:
    """The pairs as the list of dictionaries that the option takes."""
    return [{"address": str(address), "mac_address": mac_address} for address, mac_address in ordered(found)]
