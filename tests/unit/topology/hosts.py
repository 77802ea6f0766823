# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as netns_info returns them, made up."""

from __future__ import annotations

from typing import Any

View = dict[str, Any]


def address(text: str, dynamic: bool = False) -> View:
    version = "ipv6" if ":" in text else "ipv4"
    return {"address": text, "ip_version": version, "scope": "global", "dynamic": dynamic}


def interface(name: str, *addresses: str, **more: Any) -> View:
    return {
        "name": name,
        "kind": "veth",
        "enabled": True,
        "carrier": True,
        "mtu": 1500,
        "mac_address": "02:00:00:00:00:01",
        "alias": None,
        "addresses": [address(one) for one in addresses],
        "bridge": None,
        "peer": None,
        **more,
    }


def default(interface: str, via: str, **more: Any) -> View:
    return {
        "to": "default",
        "via": via,
        "interface": interface,
        "metric": 0,
        "table": "main",
        "type": "unicast",
        "protocol": "static",
        "ip_version": "ipv6" if ":" in via else "ipv4",
        **more,
    }


def namespace(name: str, *interfaces: View, **more: Any) -> View:
    return {"name": name, "live": True, "interfaces": list(interfaces), "routes": [], "neighbours": [], **more}


def dnat(host_port: str, to_address: str, to_port: str = "80", **more: Any) -> View:
    return {
        "kind": "dnat",
        "owner": "br-shop",
        "ip_version": "ipv6" if ":" in to_address else "ipv4",
        "text": f"--dport {host_port} -j DNAT --to-destination {to_address}:{to_port}",
        "protocol": "tcp",
        "host_ip": None,
        "host_port": host_port,
        "to_address": to_address,
        "to_port": to_port,
        "out_interface": "br-shop",
        "gateway_mode": "nat",
        **more,
    }


def info(interfaces: list[View], namespaces: list[View], **more: Any) -> View:
    host = {
        "interfaces": interfaces,
        "routes": [],
        "neighbours": [],
        "rules": [],
        "rules_complete": True,
        "rules_unread": [],
        "emptied": [],
        "other_rules": {"translations": [], "native_translations": []},
        "ip_forward": {"ipv4": True, "ipv6": True},
        "published": {},
        **more,
    }
    return {"host": host, "namespaces": namespaces}


def shop(endpoints: int = 1, namespace_name: str = "web", label: str = "br-shop") -> View:
    """A bridge with endpoints, each of which publishes a port."""
    bridge = interface("br-shop", "172.18.0.1/16", kind="bridge", owner=label, alias=label)
    ends, inside, rules = [], [], []
    for number in range(endpoints):
        name = namespace_name + (str(number) if number else "")
        ip = f"172.18.{(number + 2) // 256}.{(number + 2) % 256}"
        peer = {"netns": name, "name": "eth0"}
        ends.append(
            interface(f"v{number}", bridge="br-shop", peer=peer, owner=label, endpoint=name, alias=f"{label}:{name}")
        )
        inner = interface("eth0", f"{ip}/16", peer={"netns": None, "name": f"v{number}"})
        leases = {label: {"eth0": [f"{ip}/16"]}}
        inside.append(namespace(name, inner, leases=leases, routes=[default("eth0", "172.18.0.1")]))
        rules.append(dnat(str(8080 + number), ip))
    uplink = interface("eth0", "192.0.2.1/24", kind=None)
    routes = [default("eth0", "192.0.2.254")]
    return info([uplink, bridge, *ends], inside, rules=rules, routes=routes)
