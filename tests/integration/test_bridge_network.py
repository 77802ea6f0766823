# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole network in one call: predicted, repaired and refused exactly as by single modules."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import sentence
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host as Machine
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import carry_out
from tests.integration.chance import without_chance
from tests.integration.networks import SHOP, apply, in_one, plan, remove
from tests.lab import town
from tests.lab.host import Host

#: Damage to the network, and the modules that then have something to do.
DAMAGES: dict[str, tuple[list[str], list[str]]] = {
    "nothing": ([], []),
    "forwarding off": (["sysctl -qw net.ipv4.ip_forward=0"], ["interface", "ip_forward"]),
    "filter flushed": (["iptables -F"], ["bridge_forward"]),
    "IPv6 nat flushed": (["ip6tables -t nat -F"], ["bridge_forward", "masquerade", "dnat"]),
    "a published port gone": (["iptables -t nat -D {port}"], ["dnat"]),
    "the bridge down": (["ip link set br-shop down"], ["interface"]),
    "the gateway's address gone": (["ip address flush dev br-shop"], ["interface"]),
    "the bridge's MTU": (["ip link set br-shop mtu 1400"], ["bridge"]),
    "the bridge gone": (["ip link delete br-shop"], ["bridge", "dnat", "bridge_port", "interface"]),
    "an end off the bridge": (["ip link set {web} nomaster"], ["bridge_port"]),
    "an end down": (["ip link set {web} down"], ["interface"]),
    "an end renamed": (["ip link set {web} down", "ip link set {web} name other0"], ["port_guard", "interface"]),
    "an end gone": (["ip link delete {web}"], ["veth", "bridge_port", "interface"]),
    "an isolated end": (["bridge link set dev {web} isolated on"], ["bridge_port"]),
    "a smaller MTU": (["ip link set {web} mtu 1400"], ["veth"]),
    "an address inside gone": (["ip -n web address flush dev eth0"], ["interface"]),
    "a route inside gone": (["ip -n web route delete default"], ["interface"]),
    "inside down": (["ip -n web link set eth0 down"], ["interface"]),
    "inside without lo": (["ip -n web link set lo down"], ["netns"]),
    "inside moved": (["ip -n web link set eth0 name eth7"], ["veth"]),
    "a namespace gone": (["ip netns delete web"], ["netns", "veth", "bridge_port", "interface"]),
    "a setting": (["sysctl -qw net.ipv6.conf.br-shop.accept_dad=1"], ["interface"]),
}

#: Removes all of the network.
ABSENT = {"name": SHOP["name"], "state": "absent"}

CHANGED: dict[str, Any] = {
    **SHOP,
    "icc": False,
    "endpoints": [
        {"namespace": "db", "ipv4_address": "172.18.0.10", "published_ports": ["8080:80"]},
        {"namespace": "app"},
    ],
}


def _damage(host: Host, commands: list[str]) -> None:
    (web,) = [link["ifname"] for link in host.ip("link", "show") if link.get("ifalias") == "linuxnet:br-shop:web"]
    rules = host.run(["iptables-save", "-t", "nat"]).out.splitlines()
    port = next(rule.removeprefix("-A ") for rule in rules if "--dport 8080 " in rule)
    for command in commands:
        host.run(command.format(web=web, port=port).split())
    if "ip netns delete web" in commands:
        # The kernel removes what was in it a moment later.
        host.sh(f"while ip link show {web} >/dev/null 2>&1; do sleep 0.02; done")


def _apply(host: Host, check: bool = False, **variables: Any) -> dict[str, Any]:
    return in_one(host, variables, check=check)


def _changed(result: dict[str, Any]) -> list[str]:
    return [name for name, counts in result["modules"].items() if counts["changed"]]


@pytest.mark.parametrize("variables", [SHOP, CHANGED, {"name": SHOP["name"], "state": "absent"}])
@pytest.mark.long
def test_as_by_the_modules(host: Host, variables: dict[str, Any]) -> None:
    """On an empty host, and on one with another network."""
    for before in (None, SHOP, CHANGED):
        found = []
        for way in (apply, _apply):
            remove(host)
            if before:
                apply(host, **before)
            way(host, **variables)
            found.append(without_chance(host))
        assert found[0] == found[1]


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_foretold_and_repaired(host: Host, what: str) -> None:
    _apply(host, **SHOP)
    wanted = without_chance(host)
    commands, modules = DAMAGES[what]
    if commands:
        _damage(host, commands)
    foretold = _apply(host, check=True, **SHOP)
    assert _changed(foretold) == modules
    done = _apply(host, **SHOP)
    assert set(_changed(done)) <= set(modules)
    assert done["changed"] == bool(commands)
    if what != "an end renamed":
        assert without_chance(host) == wanted
    assert apply(host, **SHOP).changed == []


#: Options that are added to the first endpoint of SHOP.
RENAMED: dict[str, list[dict[str, Any]]] = {
    "outside": [{"host_interface": "h0"}],
    "inside": [{"interface": "lan0"}],
    "both": [{"interface": "lan0", "host_interface": "h0"}],
    "both, twice": [{"interface": "lan0", "host_interface": "h0"}, {"interface": "lan1", "host_interface": "h1"}],
    "into another namespace": [{"host_interface": "h0"}, {"host_interface": "h0", "namespace": "app"}],
    "with a setting": [{"host_interface": "h0"}, {"host_interface": "h1", "sysctls": {"net.ipv4.ip_default_ttl": 99}}],
}


@pytest.mark.parametrize("how", RENAMED)
def test_a_rename_is_foretold_exactly(host: Host, how: str) -> None:
    _apply(host, **SHOP)
    web, *others = SHOP["endpoints"]
    for more in RENAMED[how]:
        renamed = {**SHOP, "endpoints": [{**web, **more}, *others]}
        foretold = _apply(host, check=True, **renamed)
        done = _apply(host, **renamed)
        assert foretold["diff"] == done["diff"]
        assert not [warning for warning in foretold["warnings"] if "may mend" in str(warning)]
        assert not _apply(host, **renamed)["changed"]


def test_the_difference_is_told_in_the_order_of_the_work(host: Host) -> None:
    kinds = [difference["after_header"].split()[0] for difference in _apply(host, **SHOP)["diff"]]
    order = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    assert order == [
        "bridge",
        "bridge_forward",
        "masquerade",
        "dnat",
        "port_guard",
        "netns",
        "netns_names",
        "veth",
        "port",
        "interface",
        "ip_forward",
    ]


def _carried_out(owner: str, state: str, definitions: Any) -> str:
    """Inside a host: apply definitions that no planner has made. Returns the error."""
    host = Machine(check_mode=False)
    try:
        with host:
            carry_out(host, owner, state, definitions)
    except LinuxnetError as error:
        return sentence(host, error)
    return ""


def test_a_failure_tells_what_was_done_before(host: Host) -> None:
    made = plan(host, SHOP)
    made["modules"]["interface"][-1]["name"] = "br-none"
    told = host.call(_carried_out, "br-shop", "present", made["modules"])
    assert "interface br-none does not exist. Already done, and left in place: " in told


def test_what_cannot_be_attached_is_told_before_anything_is_done(host: Host) -> None:
    with host.spawn(["sleep", "600"], unshare_net=True) as process:
        want = {**SHOP, "endpoints": [{"namespace": "web", "pid": process.pid}]}
    before = host.dump()
    told = in_one(host, want, fails=True)
    assert "the process is gone" in told["msg"]
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"router": []}, "modules: "),
        ({"bridge": {}}, "modules.bridge: {} is not allowed: a list of definitions"),
        ({"bridge": ["br0"]}, "modules.bridge[0]: 'br0' is not allowed: a dictionary"),
        ({"bridge": [{"nom": "br0"}]}, "modules.bridge[0].nom: 'br0' is not allowed: one of the options"),
        ({"bridge": [{"name": "br0", "mtu": "big"}]}, "modules.bridge[0].mtu: 'big' is not allowed: a value of type"),
        ({"netns": [{"name": "web"}], "bridge": [{"name": "br/0"}]}, "modules.bridge[0].name: "),
        ({"interface": [{"name": "eth0", "routes": [{}]}]}, "modules.interface[0].routes[0].to is required: "),
        ({"veth": [{"name": "v0", "state": "gone"}]}, "modules.veth[0].state: 'gone' is not allowed: one of present"),
        ({"netns": [{"name": "web"}], "veth": [{"name": "v0"}]}, "modules.veth[0].peer_name is required: "),
    ],
)
def test_bad_definitions(host: Host, modules: Any, told: str) -> None:
    """As in a damaged boot file."""
    before = host.dump()
    assert told in host.call(_carried_out, "br-shop", "present", modules)
    assert before.changes_to(host.dump()) == []


def test_a_network_that_is_taken_away_has_no_interfaces_to_set(host: Host) -> None:
    told = host.call(_carried_out, "br-shop", "absent", {"interface": [{"name": "lo"}]})
    assert "an empty list, since the state is absent" in told


@pytest.mark.parametrize(
    "damage",
    [
        *(DAMAGES[what][0] for what in ("nothing", "the bridge gone", "an end gone", "a namespace gone")),
        ["ip netns add elsewhere", "ip -n web link set eth0 netns elsewhere"],
    ],
)
@pytest.mark.long
def test_what_carries_the_mark_goes_without_a_plan(host: Host, damage: list[str]) -> None:
    """Exactly as by a plan made after reading every namespace; another network stays."""
    apply(host, name="br-more", ipam_config=[{"subnet": "172.19.0.0/16"}], endpoints=[{"namespace": "more"}])
    found = []
    for planned in (True, False):
        _apply(host, **SHOP)
        _damage(host, damage)
        if planned:
            remove(host)
        else:
            foretold = in_one(host, ABSENT, check=True)
            done = in_one(host, ABSENT)
            assert done["modules"] == foretold["modules"]
            assert done["diff"] == foretold["diff"]
        found.append(without_chance(host))
        host.sh("ip netns delete elsewhere || true")
    assert found[0] == found[1]
    again = in_one(host, ABSENT)
    assert (again["changed"], again["modules"]) == (False, {})
    assert again["summary"] == [
        "br-shop: absent",
        "IPv4 and IPv6 forwarding stays on, because others may rely on it",
    ]


def test_a_network_is_not_taken_away_without_a_sight_of_its_rules(host: Host) -> None:
    """If it has none, no firewall is required."""
    host.module("masquerade", {"source": "172.18.0.0/16", "owner": "br-shop", "firewall": "iptables"})
    host.module("netns", {"name": "web", "owner": "br-shop"})
    program = host.sh("readlink /etc/alternatives/iptables-restore").strip()
    host.sh("ln -sfn /nowhere /etc/alternatives/iptables-restore")
    before = host.dump()
    told = in_one(host, ABSENT, fails=True)["msg"]
    assert told == "iptables is not installed, but is needed to remove the rules of br-shop"
    assert before.changes_to(host.dump()) == []
    host.sh(f"ln -sfn {program} /etc/alternatives/iptables-restore")
    host.module("masquerade", {"source": "172.18.0.0/16", "owner": "br-shop", "state": "absent"})
    host.sh("ln -sfn /nowhere /etc/alternatives/iptables-restore")
    assert in_one(host, ABSENT)["changed"]
    assert not in_one(host, ABSENT)["changed"]


@pytest.mark.long
def test_ipv6_comes_and_goes_with_the_network(host: Host) -> None:
    """Without it an endpoint has not even a link-local address, with which it could reach its neighbours."""
    ipv4 = {**SHOP, "ipam_config": SHOP["ipam_config"][:1]}
    web = host.inside("web")
    for want, lines in ((ipv4, 0), (SHOP, 2), (ipv4, 0)):
        assert _apply(host, **want)["changed"]
        assert len(web.sh("ip -6 -oneline address show dev eth0").splitlines()) == lines
        assert not _apply(host, **want)["changed"]
        assert web.reaches("172.18.0.1")
    ports = {link["ifname"] for link in host.ip("link", "show", "master", "br-shop")}
    assert ports.isdisjoint(line.split()[-1] for line in host.sh("cat /proc/net/if_inet6").splitlines())


#: Links that go down and up: while some do, the kernel processes carrier changes of others only once a second.
UNREST = "ip link add unrest type bridge; while :; do ip link set unrest down; ip link set unrest up; sleep 0.02; done"


@pytest.mark.long
def test_the_first_packet_of_either_family_passes(host: Host, neighbour: Host) -> None:
    """Until the kernel has processed its carrier, a new bridge has no link-local address to solicit neighbours."""
    with host.spawn(["sh", "-c", UNREST]):
        for _attempt in range(2):
            _apply(host, **SHOP)
            with host.inside("web").server(80):
                for address in town.HOST:
                    assert neighbour.ask(address, 8080, timeout=0.2), address
            remove(host)
            time.sleep(1)
