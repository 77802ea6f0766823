# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""An owner's rules that are no longer wanted, as absent definitions."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Sequence

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Element, Marked


class Published(t.Protocol):
    """A wanted port: the key of module ``dnat``, and the target if it is routed."""

    @property
    def key(self) -> tuple[str, str, str, str]: ...

    @property
    def to_address(self) -> str: ...

    @property
    def routed(self) -> bool: ...


def dnat(view: Marked, wanted: Sequence[Published] = ()) -> list[Element]:
    """Ports that we published, except for keys that are wanted again, since the module changes those in place.

    Several endpoints may open the same routed port, so there the target's address is part of the key.
    """
    keys = {entry.key for entry in wanted}
    translated = {entry.key for entry in wanted if not entry.routed}
    targets = {(entry.key, entry.to_address) for entry in wanted if entry.routed}
    found: dict[t.Any, Element] = {}
    for rule in view.our_rules("dnat"):
        if "host_port" not in rule:
            # Damaged by hand. Without a key, there is no definition for it.
            continue
        key = (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", str(rule["host_port"]))
        element = unpublished(key)
        if rule["gateway_mode"] != "routed":
            if key not in keys:
                found[key] = element
        elif key not in translated and (key, rule["to_address"]) not in targets:
            found[key, rule["to_address"]] = {**element, "gateway_mode": "routed", "to_address": rule["to_address"]}
    return list(found.values())


def forgotten_dnat(view: Marked, wanted: Iterable[Published]) -> list[Element]:
    """Recorded ports that are no longer wanted and whose rules are already gone, so that the record is removed."""
    there = {
        (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", str(rule["host_port"]))
        for rule in view.our_rules("dnat")
        if "host_port" in rule and rule["gateway_mode"] != "routed"
    }
    kept = there | {entry.key for entry in wanted}
    return [unpublished(port) for port in view.remembered_ports if port not in kept]


def unpublished(key: tuple[str, ...]) -> Element:
    """A definition that leaves nothing published under this key."""
    element: Element = {"ip_version": key[0], "protocol": key[1], "host_port": key[3], "state": "absent"}
    return {**element, "host_ip": key[2]} if key[2] else element


def masquerade(view: Marked, wanted: Collection[tuple[str, str]] = ()) -> list[Element]:
    """Source NAT that we set up. A rule that lost its source by hand applies to every source."""
    found: dict[tuple[str, str], Element] = {}
    for rule in view.our_rules("masquerade"):
        source = rule["source"] or ("0.0.0.0/0" if rule["ip_version"] == "ipv4" else "::/0")
        key = (source, rule["out_interface"] or "")
        if key not in wanted:
            found[key] = {"source": source, "state": "absent"}
            if rule["out_interface"]:
                found[key]["out_interface"] = rule["out_interface"]
    return list(found.values())


def bridge_forward(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    bridges = {str(rule["bridge"]) for rule in view.our_rules("forward") if rule.get("bridge")}
    return [{"bridge": name, "state": "absent"} for name in sorted(bridges - set(wanted))]


def emptied(view: Marked) -> list[Element]:
    """The flushed chains, if no other owner has any rules."""
    if not view.empty_chains or any(rule["owner"] != view.owner and rule["kind"] != "guard" for rule in view.rules):
        return []
    return [{"bridge": view.owner, "state": "absent"}]
