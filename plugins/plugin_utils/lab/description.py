# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Validates the options of the module lab and turns them into the description of a lab. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "directory": {"type": "path"},
    "hosts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "interfaces": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "default": "eth0"},
                    "segment": {"type": "str"},
                    "addresses": {"type": "list", "elements": "str", "default": []},
                    "gateways": {"type": "list", "elements": "str", "default": []},
                    "mac_address": {"type": "str"},
                },
            },
        },
    },
    "segments": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "mtu": {"type": "int", "default": 1500}},
    },
    "visible": {"type": "list", "elements": "path", "default": []},
}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_SEGMENT = "lab"
_MTU = range(68, 65536)


def of(options: dict[str, Any]) -> dict[str, Any]:
    """The description of the wanted lab (see standing.py); raises Invalid."""
    if not options["hosts"]:
        raise Invalid("hosts", options["hosts"], "at least one host, unless state is absent")
    hosts: dict[str, list[dict[str, Any]]] = {}
    for number, host in enumerate(options["hosts"]):
        place = f"hosts[{number}]"
        name = host["name"]
        if not _NAME.fullmatch(name) or name in hosts:
            raise Invalid(f"{place}.name", name, "a host's name of at most 63 characters, and each name once")
        interfaces = host["interfaces"]
        hosts[name] = _interfaces(place, interfaces) if interfaces else [_usual(number + 1)]
    segments = {one["segment"]: {"mtu": 1500} for interfaces in hosts.values() for one in interfaces if one["segment"]}
    for number, segment in enumerate(options["segments"]):
        if segment["mtu"] not in _MTU:
            raise Invalid(f"segments[{number}].mtu", segment["mtu"], f"{_MTU.start} to {_MTU.stop - 1}")
        segments[segment["name"]] = {"mtu": segment["mtu"]}
    return {"segments": segments, "hosts": hosts, "visible": list(options["visible"])}


def _usual(number: int) -> dict[str, Any]:
    """The default interface of a host."""
    if number > 253:
        raise Invalid("hosts", f"{number} of them", "at most 253 hosts without interfaces of their own")
    return {
        "name": "eth0",
        "segment": _SEGMENT,
        "addresses": [f"192.0.2.{number}/24", f"2001:db8::{number:x}/64"],
        "gateways": [],
        "mac_address": None,
    }


def _interfaces(host: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(given):
        place = f"{host}.interfaces[{number}]"
        name = names.interface_name(f"{place}.name", one["name"])
        if name in found:
            raise Invalid(f"{place}.name", name, "each interface once")
        if (name == "lo") == bool(one["segment"]):
            raise Invalid(f"{place}.segment", one["segment"], "the name of a segment, and none for lo")
        for index, address in enumerate(one["addresses"]):
            _check(f"{place}.addresses[{index}]", address, ipaddress.ip_interface, "an address with its prefix length")
        for index, gateway in enumerate(one["gateways"]):
            _check(f"{place}.gateways[{index}]", gateway, ipaddress.ip_address, "an address")
        if one["mac_address"] is not None:
            addresses.mac(f"{place}.mac_address", one["mac_address"])
        found[name] = {**one, "name": name}
    return list(found.values())


def _check(option: str, value: str, parse: Any, allowed: str) -> None:
    try:
        parse(value)
    except ValueError:
        raise Invalid(option, value, allowed) from None
