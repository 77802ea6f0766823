# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bridge_forward, on a real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP
from tests.integration.promises import converge, refused, repairs, warnings_of
from tests.integration.rule_hosts import (
    BACKENDS,
    LEGACY,
    NETWORK,
    SOURCES,
    add_network,
    forward_everything,
    rules,
    use_backend,
)
from tests.lab.host import Host

Options = dict[str, Any]

MARK = "-m comment --comment linuxnet-forward-shop -j"
FAMILIES = ("iptables", "ip6tables")


@pytest.fixture(params=BACKENDS)
def any_host(host: Host, request: pytest.FixtureRequest) -> Host:
    use_backend(host, request.param)
    host.sh("ip link add br0 type bridge")
    return host


@pytest.fixture
def network(host: Host, neighbour: Host) -> Host:
    """A host with two networks, br0 (web, db) and br1 (app), without any rules yet; a neighbour is on its segment."""
    assert neighbour
    add_network(host)
    add_network(host, "br1", 19, ("app",))
    forward_everything(host)
    return host


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"gateway_mode": "nat-unprotected", "gateway_mode_ipv6": "routed"},
        {"gateway_mode": "routed", "icc": False},
        {"internal": True},
        {"internal": True, "icc": False, "subnets": ["172.18.0.0/16"]},
        {"icc": False, "trusted_interfaces": ["tun0", "eth7"], "forward_policy": "drop"},
        {"gateways": ["172.18.0.7", "fd00:18::7"], "masquerade_protocols": "all"},
        {"answers_by": [{"interface": "br7", "addresses": ["172.18.0.9", "fd00:18::9"]}]},
        {"answers_by": [{"interface": "br7", "addresses": ["172.18.0.9"], "mac_address": "02:00:00:00:00:0a"}]},
        {"subnets": ["172.18.0.0/16", "10.1.0.0/24"]},
        {"subnets": ["fd00:18::/64"], "ip_version": "ipv6"},
    ],
    ids=str,
)
def test_every_mode(any_host: Host, more: Options) -> None:
    """A second run, after the rules went through the kernel and back, finds nothing to do."""
    change = converge(any_host, "bridge_forward", {**NETWORK, **more})["diff"][0]
    assert change["before"] == {}
    assert {key: change["after"][key] for key in more if key != "ip_version"} == {
        key: value for key, value in more.items() if key != "ip_version"
    }
    assert any_host.sysctl("net/ipv6/conf/br0/accept_ra") == "0"


def test_absent_leaves_nothing(any_host: Host) -> None:
    any_host.sh("iptables -A FORWARD -i docker0 -j ACCEPT; ip6tables -P FORWARD DROP")
    any_host.sysctl("net/ipv6/conf/br0/accept_ra", 0)
    empty = any_host.dump(counters=True)
    any_host.module("bridge_forward", NETWORK)
    converge(any_host, "bridge_forward", {"bridge": "br0", "owner": "shop", "state": "absent"})
    assert empty.changes_to(any_host.dump(counters=True)) == []
    assert "LINUXNET" not in any_host.sh("iptables-save; ip6tables-save")
    converge(any_host, "bridge_forward", {"bridge": "br0", "owner": "shop", "state": "absent"}, changed=False)


def test_the_administrators_chain_is_kept(any_host: Host) -> None:
    any_host.module("bridge_forward", NETWORK)
    any_host.sh("iptables -A LINUXNET-USER -s 10.9.9.9 -j DROP")
    converge(any_host, "bridge_forward", NETWORK, changed=False)
    converge(any_host, "bridge_forward", {"bridge": "br0", "owner": "shop", "state": "absent"})
    assert rules(any_host, "filter", "LINUXNET-USER") == ["-s 10.9.9.9/32 -j DROP"]
    assert any_host.sh("iptables-save | grep -c LINUXNET").strip() == "2"
    converge(any_host, "bridge_forward", NETWORK)
    assert rules(any_host, "filter", "LINUXNET-USER") == ["-s 10.9.9.9/32 -j DROP"]


def test_chains_that_somebody_emptied_go_too(any_host: Host) -> None:
    empty = any_host.dump()
    any_host.module("bridge_forward", NETWORK)
    any_host.sysctl("net/ipv6/conf/br0/accept_ra", 1)
    any_host.sh(
        "".join(f"{program} -t {table} -F;" for program in FAMILIES for table in ("raw", "mangle", "filter", "nat"))
    )
    converge(any_host, "bridge_forward", {"bridge": "br0", "owner": "shop", "state": "absent"})
    assert empty.changes_to(any_host.dump()) == []


def test_the_second_network_and_its_end_leave_the_first_alone(any_host: Host) -> None:
    any_host.module("bridge_forward", NETWORK)
    first = any_host.dump(counters=True)
    other = {"bridge": "br1", "owner": "lab", "subnets": ["172.19.0.0/16"], "internal": True}
    converge(any_host, "bridge_forward", other)
    converge(any_host, "bridge_forward", {"bridge": "br1", "owner": "lab", "state": "absent"})
    assert first.changes_to(any_host.dump(counters=True)) == []


@pytest.mark.long
def test_the_number_of_rules_does_not_grow_with_the_mode(host: Host) -> None:
    host.sh("ip link add br0 type bridge")
    host.module("bridge_forward", NETWORK)
    for more in ({"gateway_mode": "routed"}, {"internal": True}, {"icc": False}, {}):
        converge(host, "bridge_forward", {**NETWORK, **more})
    assert len(host.sh("iptables-save | grep ' LINUXNET.*linuxnet-forward'").splitlines()) < 48


DAMAGE = [
    "-t raw -D LINUXNET-RAW 1",
    "-t raw -F",
    "-t mangle -D PREROUTING 1",
    "-t mangle -F LINUXNET-PREROUTING",
    "-t mangle -D LINUXNET-TO 1",
    "-t mangle -D LINUXNET-FROM 1",
    "-t mangle -F LINUXNET-TO",
    "-t mangle -F",
    "-t nat -D LINUXNET-POSTROUTING 1",
    "-D LINUXNET-TO 2",
    "-D LINUXNET-TO 4",
    "-D LINUXNET-FROM 2",
    "-D LINUXNET-FORWARD 1",
    "-D LINUXNET-FORWARD 3",
    "-F LINUXNET-FORWARD",
    f"-I LINUXNET-TO -o br0 {MARK} ACCEPT",
    f"-R LINUXNET-TO 4 -o br0 {MARK} ACCEPT",
    f"-A LINUXNET-FROM -i br0 {MARK} DROP",
    "-A FORWARD -m comment --comment linuxnet -j LINUXNET-FORWARD",
    "-D FORWARD -m comment --comment linuxnet -j LINUXNET-FORWARD",
]


@pytest.mark.parametrize(
    ("any_host", "damage"),
    [("nft", damage) for damage in DAMAGE] + [pytest.param("legacy", damage, marks=LEGACY) for damage in DAMAGE[::6]],
    indirect=["any_host"],
)
def test_drift_is_repaired(any_host: Host, damage: str) -> None:
    any_host.sh("iptables -A FORWARD -i docker0 -j ACCEPT; iptables -t raw -A OUTPUT -o eth9 -j ACCEPT")
    any_host.module("bridge_forward", NETWORK)
    any_host.sh("iptables -A FORWARD -j REJECT")
    if damage == "-t raw -F":
        damage = "-t raw -F LINUXNET-RAW; iptables -t raw -F PREROUTING"
    repairs(any_host, "bridge_forward", NETWORK, f"iptables {damage}")


def test_ipv6_drift_and_settings(any_host: Host) -> None:
    want = {**NETWORK, "forward_policy": "drop"}
    any_host.module("bridge_forward", want)
    for damage in ("ip6tables -F", "ip6tables -t mangle -F && ip6tables -t mangle -X", "ip6tables -P FORWARD ACCEPT"):
        repairs(any_host, "bridge_forward", want, damage)
    repairs(any_host, "bridge_forward", want, "echo 1 > /proc/sys/net/ipv6/conf/br0/accept_ra")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["-j DROP"], ["LINUXNET-FORWARD", "DROP"]),
        (["-j DOCKER-USER", "-j DOCKER-FORWARD"], ["DOCKER-USER", "DOCKER-FORWARD", "LINUXNET-FORWARD"]),
        (["-j DOCKER-USER", "-i a -j ACCEPT", "-j REJECT"], ["DOCKER-USER", "LINUXNET-FORWARD", "ACCEPT", "REJECT"]),
        (["-i a -j DROP"], ["DROP", "LINUXNET-FORWARD"]),
    ],
    ids=str,
)
def test_where_the_jump_stands(host: Host, before: list[str], after: list[str]) -> None:
    host.sh("ip link add br0 type bridge; iptables -N DOCKER-USER; iptables -N DOCKER-FORWARD")
    host.sh("\n".join(f"iptables -A FORWARD {text}" for text in before))
    converge(host, "bridge_forward", NETWORK)
    targets = [text.split("-j ")[1].split()[0] for text in rules(host, "filter", "FORWARD")]
    assert targets == after


def test_a_jump_that_slid_down_is_shown_and_put_back(host: Host) -> None:
    host.sh("ip link add br0 type bridge")
    host.module("bridge_forward", NETWORK)
    host.sh("iptables -I FORWARD -j ACCEPT")
    line = "ipv4 filter -A FORWARD -m comment --comment linuxnet -j LINUXNET-FORWARD"
    change = converge(host, "bridge_forward", NETWORK)["diff"][0]
    assert (change["before"]["rules"], change["after"]["rules"]) == ([f"{line} (misplaced)"], [line])
    assert rules(host, "filter", "FORWARD")[1] == "-j ACCEPT"


@pytest.mark.needs("bridge-nf")
def test_bridged_frames_are_named_where_they_are_shown_alone(host: Host) -> None:
    """A rule that matches them would make the kernel show iptables those of every bridge."""
    host.sh("ip link add br0 type bridge")
    want = {**NETWORK, "icc": False}

    def named() -> list[bool]:
        return ["physdev" in " ".join(rules(host, "filter", "LINUXNET-TO", program)) for program in FAMILIES]

    for kind in FAMILIES:
        host.sysctl(f"net/bridge/bridge-nf-call-{kind}", 0)
    converge(host, "bridge_forward", want)
    assert named() == [False, False]
    host.sysctl("net/bridge/bridge-nf-call-iptables", 1)
    converge(host, "bridge_forward", want)
    assert named() == [True, False]
    host.sysctl("net/bridge/bridge-nf-call-iptables", 0)
    converge(host, "bridge_forward", want)
    assert named() == [False, False]
    converge(host, "bridge_forward", {**want, "internal": True})
    assert "physdev" not in host.sh("iptables-save; ip6tables-save")


def test_a_bridge_that_is_made_later(host: Host) -> None:
    """By module bridge: a second run of both finds nothing to do."""
    calls: list[tuple[str, Options]] = [("bridge_forward", NETWORK), ("bridge", {"name": "br0", "owner": "shop"})]
    host.sysctl("net/ipv6/conf/default/accept_ra", 1)
    for name, options in calls:
        assert host.module(name, options)["changed"]
    assert host.sysctl("net/ipv6/conf/br0/accept_ra") == "0"
    for check in (True, False):
        assert [host.module(name, options, check=check)["changed"] for name, options in calls] == [False, False]


@pytest.mark.needs("bridge-nf")
def test_a_policy_that_cuts_others_off_is_told(host: Host) -> None:
    """The policy for routed packets also stops bridged frames, if iptables sees those."""
    ports = "\n".join(
        f"ip link add {name} type veth peer name {name}-far; ip link set {name} master brx" for name in ("p1", "p2")
    )
    host.sh(f"ip link add br0 type bridge; ip link add brx type bridge; ip link add bry type bridge\n{ports}")
    want = {**NETWORK, "forward_policy": "drop"}
    told = (
        "forward_policy: net.bridge.bridge-nf-call-iptables is 1, so the policy DROP also stops traffic"
        " between the ports of other bridges, unless a rule accepts it: brx"
    )
    for bridge_nf in (1, 0):
        for kind in FAMILIES:
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
        for check in (True, False, False):
            warnings = host.module("bridge_forward", want, check=check).get("warnings", [])
            assert (told in str(warnings)) is bool(bridge_nf), warnings
    assert host.module("bridge_forward", NETWORK).get("warnings", []) == []


@pytest.mark.needs("bridge-nf")
@pytest.mark.parametrize("bridge_nf", [0, 1])
@pytest.mark.long
def test_members_of_other_bridges_with_addresses_of_ours_are_told(host: Host, bridge_nf: int) -> None:
    """If iptables sees them, they would count as spoofed."""
    for kind in FAMILIES:
        host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
    subnets = {"brx": "172.18.7", "bry": "10.99.0"}
    for bridge, subnet in subnets.items():
        host.sh(f"ip link add {bridge} type bridge; ip link set {bridge} up")
        for last in (9, 10):
            name = f"{bridge}-{last}"
            host.sh(
                f"ip netns add {name}; ip link add {name} type veth peer name eth0 netns {name};"
                f" ip link set {name} master {bridge} up;"
                f" ip -n {name} address add {subnet}.{last}/16 dev eth0; ip -n {name} link set eth0 up"
            )
    host.sh("ip address add 10.99.0.1/16 dev bry")  # by which it is known who is there

    def carried() -> list[bool]:
        return [host.inside(f"{bridge}-9").reaches(f"{subnet}.10") for bridge, subnet in subnets.items()]

    assert carried() == [True, True]
    for check in (True, False):
        warnings = host.module("bridge_network", SHOP, check=check)["warnings"]
        told = [text for text in map(str, warnings) if "dropped as forged" in text]
        assert len(told) == 2 * bridge_nf, "one for each subnet"
        assert all("brx" in text and "bry" not in text for text in told)
    assert carried() == [not bridge_nf, True]


def test_changes_are_told_in_option_words(host: Host) -> None:
    host.sh("ip link add br0 type bridge")
    host.module("bridge_forward", {**NETWORK, "trusted_interfaces": ["tun0"]})
    want = {**NETWORK, "icc": False, "gateway_mode": "routed", "gateway_mode_ipv6": "nat", "subnets": ["172.18.0.0/16"]}
    change = converge(host, "bridge_forward", want)["diff"][0]
    differing = {
        key: (change["before"][key], value) for key, value in change["after"].items() if change["before"][key] != value
    }
    assert differing == {
        "icc": (True, False),
        "gateway_mode": ("nat", "routed"),
        "subnets": (["172.18.0.0/16", "fd00:18::/64"], ["172.18.0.0/16"]),
        "gateways": (["172.18.0.1", "fd00:18::1"], ["172.18.0.1"]),
        "trusted_interfaces": (["tun0"], []),
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"bridge": "default", "subnets": ["172.18.0.0/16"]}, "a name other than lo, all and default"),
        ({"bridge": "br0"}, "subnets is required: at least one subnet"),
        ({"bridge": "br0", "subnets": ["172.18.0.1/16"]}, "subnets[0]: '172.18.0.1/16' is not allowed"),
        ({"bridge": "br0", "subnets": ["fd00::/64"], "ip_version": "ipv4"}, "a subnet of ipv4, as ip_version says"),
        ({"bridge": "a/b", "subnets": ["172.18.0.0/16"]}, "bridge: 'a/b' is not allowed"),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "trusted_interfaces": ["br0"]},
            "other than the bridge itself",
        ),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "trusted_interfaces": ["a b"]},
            "trusted_interfaces[0]: 'a b'",
        ),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "trusted_interfaces": ["a"], "internal": True},
            "no value together",
        ),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "answers_by": [{"interface": "br0", "addresses": []}]},
            "answers_by[0].interface: 'br0' is not allowed",
        ),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "answers_by": [{"interface": "br1", "addresses": []}]},
            "answers_by[0].addresses: [] is not allowed: at least one address",
        ),
        (
            {
                "bridge": "br0",
                "subnets": ["172.18.0.0/16"],
                "answers_by": [{"interface": "br1", "addresses": ["172.18.0.2", "172.19.0.2"]}],
            },
            "answers_by[0].addresses[1]: '172.19.0.2' is not allowed: the address of an endpoint in 172.18.0.0/16",
        ),
        (
            {"bridge": "br0", "subnets": ["0.0.0.0/0"]},
            "subnets[0]: '0.0.0.0/0' is not allowed: the network of the endpoints",
        ),
        (
            {"bridge": "br0", "subnets": ["::/0"]},
            "subnets[0]: '::/0' is not allowed: the network of the endpoints",
        ),
        ({"bridge": "br0", "subnets": ["fe80::/64"]}, "neither link-local nor loopback"),
        ({"bridge": "br0", "subnets": ["169.254.0.0/16"]}, "neither link-local nor loopback"),
        (
            {"bridge": "br0", "subnets": ["172.18.0.0/16"], "gateways": ["172.19.0.1"]},
            "gateways[0]: '172.19.0.1' is not allowed: an address of the host in 172.18.0.0/16",
        ),
        ({"aggregate": [{"bridge": "br0", "subnets": ["10.0.0.0/8"]}, {"bridge": "br0", "subnets": []}]}, "aggregate["),
    ],
)
def test_bad_input(host: Host, options: Options, sentence: str) -> None:
    refused(host, "bridge_forward", options, sentence)


def test_a_bridge_of_another_owner(host: Host) -> None:
    host.sh("ip link add br0 type bridge")
    host.module("bridge_forward", NETWORK)
    refused(host, "bridge_forward", {**NETWORK, "owner": "lab"}, "bridge br0 is already managed by owner shop")


def test_without_ip6tables(host: Host) -> None:
    """A network with IPv4 only works without it, and the warning says what is open; one with IPv6 does not work."""
    host.sh("ip link add br0 type bridge; ln -sfn /nowhere /etc/alternatives/ip6tables-save")
    done = host.module("bridge_forward", {**NETWORK, "subnets": ["172.18.0.0/16"]})
    assert "ip6tables is not installed" in str(done["warnings"])
    assert "ip6tables-save is not installed" in host.module("bridge_forward", NETWORK, fails=True)["msg"]
    host.module("bridge_forward", {"bridge": "br0", "owner": "shop", "state": "absent"})


def _cells(host: Host, neighbour: Host) -> dict[str, bool]:
    """Who reaches whom, if every endpoint has a web server on port 80 and nothing is published."""
    web, db, app = host.inside("web"), host.inside("db"), host.inside("app")
    with web.server(80), db.server(80), app.server(80), neighbour.server(80), host.server(22):
        return {
            "neighbour to web": bool(neighbour.ask("172.18.0.2", 80)),
            "neighbour to web by IPv6": bool(neighbour.ask("fd00:18::2", 80)),
            "web to db": bool(web.ask("172.18.0.3", 80)),
            "web to db by IPv6": bool(web.ask("fd00:18::3", 80)),
            "app to web": bool(app.ask("172.18.0.2", 80)),
            "web out": bool(web.ask("192.0.2.9", 80)),
            "web to its gateway": bool(web.ask("172.18.0.1", 22)),
            "web to another address of the host": bool(web.ask("192.0.2.1", 22)),
        }


_OPEN = {
    "nat": {"web to db", "web to db by IPv6", "web out", "web to its gateway", "web to another address of the host"},
    "internal": {"web to db", "web to db by IPv6", "web to its gateway"},
}
_OPEN["nat-unprotected"] = _OPEN["nat"] | {"neighbour to web", "neighbour to web by IPv6", "app to web"}
_OPEN["trusted"] = _OPEN["nat"] | {"neighbour to web", "neighbour to web by IPv6"}
_OPEN["routed"] = _OPEN["nat"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "nat"),
        ({"gateway_mode": "nat-unprotected"}, "nat-unprotected"),
        ({"gateway_mode": "routed"}, "routed"),
        ({"internal": True}, "internal"),
        ({"trusted_interfaces": ["eth0"]}, "trusted"),
    ],
)
@pytest.mark.parametrize("policy", ["ACCEPT", "DROP"])
def test_who_reaches_whom(network: Host, neighbour: Host, more: Options, expected: str, policy: str) -> None:
    network.sh(f"iptables -P FORWARD {policy}; ip6tables -P FORWARD {policy}")
    network.module("bridge_forward", {**NETWORK, **more})
    network.module("bridge_forward", {"bridge": "br1", "owner": "lab", "subnets": ["172.19.0.0/16", "fd00:19::/64"]})
    network.module("masquerade", SOURCES)
    assert {cell for cell, open_ in _cells(network, neighbour).items() if open_} == _OPEN[expected]


def test_without_rules_everything_is_open(network: Host, neighbour: Host) -> None:
    """The control for the table above."""
    network.module("masquerade", SOURCES)
    assert all(_cells(network, neighbour).values())


def test_routed_is_reached_by_ping_and_by_what_is_published(network: Host, neighbour: Host) -> None:
    network.module("bridge_forward", {**NETWORK, "gateway_mode": "routed"})
    opened = {"owner": "shop", "out_interface": "br0", "gateway_mode": "routed", "to_port": "80"}
    network.module(
        "dnat",
        {
            **opened,
            "aggregate": [
                {"host_port": "8080", "to_address": "172.18.0.2"},
                {"host_port": "8080", "to_address": "fd00:18::2"},
            ],
        },
    )
    web = network.inside("web")
    with web.server(80), web.server(81), neighbour.server(80):
        for address in ("172.18.0.2", "fd00:18::2"):
            assert neighbour.reaches(address)
            assert neighbour.ask(address, 80).peer in ("192.0.2.9", "2001:db8::9")
            assert neighbour.ask(address, 81) is None
        assert web.ask("192.0.2.9", 80).peer == "172.18.0.2"


def test_a_flow_that_began_without_rules_dies_with_them(network: Host, neighbour: Host) -> None:
    """From outside to an endpoint's own address: neither it nor its replies continue, though conntrack knows it."""
    script = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.bind(('', 4444));"
        "s.sendto(b'x', ('172.18.0.2', 53)); s.recv(100)"
    )
    with network.inside("web").server(53, "udp") as server:
        assert neighbour.run(["python3", "-c", script], check=False).rc == 0
        network.module("bridge_forward", NETWORK)
        assert neighbour.run(["python3", "-c", script], check=False).rc != 0
        assert len(server.seen) == 1


@pytest.mark.parametrize("netns", [None, "router"])
def test_a_trusted_interface_that_is_not_there_is_told(host: Host, netns: str | None) -> None:
    """Those of a VPN come later, so it is no error."""
    host.sh("ip netns add router")
    place = host.inside(netns) if netns else host
    place.sh("ip link add br0 type bridge; ip link add tun0 type bridge")
    want = {**NETWORK, "netns": netns, "trusted_interfaces": ["tun0", "wg0"]}
    where = f"in namespace {netns}" if netns else "on the host"
    told = [f"trusted_interfaces[1]: there is no interface 'wg0' {where} now"]
    assert [warnings_of(host.module("bridge_forward", want, check=check)) for check in (True, False, False)] == [
        told
    ] * 3
    place.sh("ip link add wg0 type bridge")
    assert [warnings_of(host.module("bridge_forward", want, check=check)) for check in (True, False)] == [[], []]
    place.sh("ip link del wg0")
    assert warnings_of(host.module("bridge_forward", {**want, "state": "absent"})) == []
