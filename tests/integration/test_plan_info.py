# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a plan is what its modules would change, and doing that alone leaves nothing to any of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, calls, left, plan
from tests.lab.errors import ModuleFailed
from tests.lab.host import Host

AFTER_VETH = ["bridge_port", "interface", "ip_forward"]
CALLS = ["bridge", "bridge_forward", "masquerade", "dnat", "netns", "veth", *AFTER_VETH]

#: What somebody else does to the network, and which modules have something to do then.
DAMAGES: dict[str, tuple[list[str], list[str]]] = {
    "nothing": ([], []),
    "forwarding off": (["sysctl -qw net.ipv4.ip_forward=0"], ["ip_forward"]),
    "filter flushed": (["iptables -F"], ["bridge_forward"]),
    "IPv6 nat flushed": (["ip6tables -t nat -F"], ["bridge_forward", "masquerade", "dnat"]),
    "a published port gone": (["iptables -t nat -D {port}"], ["dnat"]),
    "the bridge down": (["ip link set br-shop down"], ["interface"]),
    "the gateway's address gone": (["ip address flush dev br-shop"], ["interface"]),
    # What belongs to a thing that is changed in place is gone through again.
    "the bridge's MTU": (["ip link set br-shop mtu 1400"], CALLS),
    "the bridge gone": (
        ["ip link delete br-shop"],
        ["bridge", "bridge_forward", "dnat", "bridge_port", "interface"],
    ),
    "an end off the bridge": (["ip link set {web} nomaster"], ["bridge_port"]),
    "an end down": (["ip link set {web} down"], ["interface"]),
    "an end renamed": (["ip link set {web} down", "ip link set {web} name other0"], ["interface"]),
    "an end gone": (["ip link delete {web}"], ["veth", "bridge_port", "interface"]),
    "an isolated end": (["bridge link set dev {web} isolated on"], ["bridge_port"]),
    "a smaller MTU": (["ip link set {web} mtu 1400"], ["veth", *AFTER_VETH]),
    "an address inside gone": (["ip -n web address flush dev eth0"], ["interface"]),
    "a route inside gone": (["ip -n web route delete default"], ["interface"]),
    "inside down": (["ip -n web link set eth0 down"], ["interface"]),
    "inside without lo": (["ip -n web link set lo down"], ["netns", "veth", *AFTER_VETH]),
    "inside moved": (["ip -n web link set eth0 name eth7"], ["veth", *AFTER_VETH]),
    "a namespace gone": (["ip netns delete web"], ["netns", "veth", "bridge_port", "interface"]),
    "a setting": (["sysctl -qw net.ipv6.conf.br-shop.accept_dad=1"], ["interface"]),
}


def _damage(host: Host, commands: list[str]) -> None:
    (web,) = [link["ifname"] for link in host.ip("link", "show") if link.get("ifalias") == "linuxnet:br-shop:web"]
    rules = host.run(["iptables-save", "-t", "nat"]).out.splitlines()
    port = next(rule.removeprefix("-A ") for rule in rules if "--dport 8080 " in rule)
    for command in commands:
        host.run(command.format(web=web, port=port).split())


def _foretold(host: Host, made: dict[str, Any]) -> dict[str, list[Any]]:
    """What the modules themselves say that they would change of the whole plan, each asked alone."""
    found = {}
    for name, definitions in made["modules"].items():
        if definitions:
            try:
                told = host.module(name, {"owner": made["owner"], "aggregate": definitions}, check=True)
            except ModuleFailed:
                found[name] = definitions
            else:
                found[name] = [one for one, said in zip(definitions, told["objects"], strict=True) if said["changed"]]
    return found


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_left(host: Host, what: str) -> None:
    apply(host, **SHOP)
    commands, modules = DAMAGES[what]
    if commands:
        _damage(host, commands)
    made = plan(host, SHOP)
    todo = left(host, made)
    assert [name for name in todo if todo[name]] == modules
    for name, definitions in _foretold(host, made).items():
        assert [one for one in definitions if one not in todo[name]] == [], name
    apply(host, **SHOP)
    for name in calls(made):
        if made["modules"][name]:
            assert not host.module(name, {"owner": made["owner"], "aggregate": made["modules"][name]})["changed"], name


def test_of_a_changed_wish_only_what_differs(host: Host) -> None:
    apply(host, **SHOP)
    web, db = SHOP["endpoints"]
    more = {**SHOP, "endpoints": [{**web, "published_ports": ["8080:81"]}, db, {"namespace": "new"}]}
    todo = left(host, plan(host, more))
    assert [element["name"] for element in todo["netns"]] == ["new"]
    assert todo["masquerade"] == todo["bridge"] == []


def test_text_and_dictionary_are_one(host: Host) -> None:
    apply(host, **SHOP)
    made = plan(host, SHOP)
    options = {"owner": made["owner"], "modules": json.dumps(made["modules"])}
    assert not any(host.module("plan_info", options)["modules"].values())


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ("{", "modules: not JSON"),
        ({"router": []}, "modules: "),
        ({"bridge": {}}, "modules.bridge: {} is not allowed: a list of definitions"),
        ({"bridge": ["br0"]}, "modules.bridge[0]: 'br0' is not allowed: a dictionary"),
        ({"bridge": [{"nom": "br0"}]}, "modules.bridge[0].nom: 'br0' is not allowed: one of the options"),
        ({"bridge": [{"name": "br0", "mtu": "big"}]}, "modules.bridge[0].mtu: 'big' is not allowed: of the type int"),
        ({"bridge": [{"name": "br/0"}]}, "modules.bridge[0].name: "),
        ({"interface": [{"name": "eth0", "routes": [{}]}]}, "modules.interface[0].routes[0].to: "),
        (
            {"veth": [{"name": "v0", "state": "gone"}]},
            "modules.veth[0].state: 'gone' is not allowed: one of present, absent",
        ),
    ],
)
def test_bad_plan(host: Host, modules: Any, sentence: str) -> None:
    told = host.module("plan_info", {"owner": "br-shop", "modules": modules}, fails=True)
    assert sentence in told["msg"], told["msg"]
