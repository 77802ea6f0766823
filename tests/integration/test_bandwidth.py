# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bandwidth, on a real kernel."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import limiting_device
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host as KernelHost
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_probe
from tests.integration.promises import converge, refused, repairs
from tests.integration.settling import settle
from tests.lab.host import Host

BOTH: dict[str, Any] = {
    "interface": "va",
    "ingress_rate": "50mbit",
    "egress_rate": "5mbit",
    "egress_burst": "64kb",
    "owner": "shop",
}
IFB = limiting_device("va")


@pytest.fixture
def pair(host: Host) -> Host:
    """A host with a pair into the namespace a, on a bridge, and up."""
    host.sh(
        "ip netns add a; ip link add br0 type bridge; ip link set br0 up;"
        "ip link add va type veth peer name eth0 netns a; ip link set va master br0 up;"
        "ip -n a link set eth0 up"
    )
    settle(host, "a")
    return host


def _disciplines(host: Host, name: str) -> dict[str, Any]:
    """The options of an interface's disciplines, by kind."""
    listed = json.loads(host.sh(f"tc -json qdisc show dev {name}"))
    return {one["kind"]: one.get("options", {}) for one in listed}


def test_both_directions(pair: Host) -> None:
    done = converge(pair, "bandwidth", BOTH)
    (one,) = done["objects"]
    assert (one["ingress_rate"], one["ingress_burst"]) == ("50mbit", "62500b")
    assert (one["egress_rate"], one["egress_burst"], one["ifb"]) == ("5mbit", "64kb", IFB)
    assert done["diff"][0]["before"] == {}
    assert _disciplines(pair, "va")["tbf"]["rate"] == 50_000_000 // 8
    assert "ingress" in _disciplines(pair, "va")
    assert _disciplines(pair, IFB)["tbf"]["rate"] == 5_000_000 // 8
    device = pair.ip("link", "show", IFB)[0]
    assert (device["ifalias"], "UP" in device["flags"]) == ("linuxnet:shop:va", True)
    assert pair.ip("addr", "show", IFB)[0]["addr_info"] == []


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_direction_without_a_rate_is_not_limited(pair: Host, direction: str) -> None:
    before = pair.dump()
    converge(pair, "bandwidth", BOTH)
    one = {word: value for word, value in BOTH.items() if word.startswith((direction, "interface", "owner"))}
    converge(pair, "bandwidth", one)
    assert ("tbf" in _disciplines(pair, "va")) is (direction == "ingress")
    assert ("ingress" in _disciplines(pair, "va")) is (direction == "egress")
    assert bool(pair.run(["ip", "link", "show", IFB], check=False).rc) is (direction == "ingress")
    converge(pair, "bandwidth", {"interface": "va", "owner": "shop", "state": "absent"})
    assert before.changes_to(pair.dump()) == []


@pytest.mark.parametrize(
    "damage",
    [
        "tc qdisc del dev va root",
        "tc qdisc change dev va root handle 6c6e: tbf rate 1mbit burst 32k latency 50ms",
        "tc qdisc replace dev va root tbf rate 50mbit burst 62500 latency 20ms",
        "tc qdisc change dev va root handle 6c6e: tbf rate 50mbit burst 62500 limit 375000 peakrate 60mbit mtu 2000",
        "tc qdisc change dev va root handle 6c6e: tbf rate 50mbit burst 62500 limit 375000 mpu 64",
        "tc qdisc del dev va root; tc qdisc add dev va root handle 6c6e: pfifo",
        "tc qdisc del dev va ingress",
        "tc filter del dev va ingress",
        "tc filter add dev va ingress protocol all pref 27758 u32 match u32 0 0 action mirred egress redirect dev br0",
        (
            "tc filter del dev va ingress; tc filter add dev va ingress protocol ip pref 27758 u32 match u32 0 0 "
            f"action mirred egress redirect dev {IFB}"
        ),
        (
            "tc filter del dev va ingress; tc filter add dev va ingress protocol all pref 27758 u32 match ip dst "
            f"192.0.2.1 action mirred egress redirect dev {IFB}"
        ),
        (
            "tc filter del dev va ingress; tc filter add dev va ingress protocol all pref 27758 u32 match u32 0 0 "
            f"action mirred egress mirror dev {IFB}"
        ),
        f"tc qdisc del dev {IFB} root",
        f"tc qdisc change dev {IFB} root handle 6c6e: tbf rate 1gbit burst 64k latency 50ms",
        f"tc qdisc replace dev {IFB} root handle 5: pfifo",
        f"ip link set {IFB} down",
        f"ip link set {IFB} group 5",
        f"ip link set {IFB} alias mine",
    ],
)
def test_only_what_drifted_is_repaired(pair: Host, damage: str) -> None:
    converge(pair, "bandwidth", BOTH)
    repairs(pair, "bandwidth", BOTH, damage)


def test_a_device_that_was_deleted_is_created_again(pair: Host) -> None:
    converge(pair, "bandwidth", BOTH)
    before = _disciplines(pair, IFB)
    pair.sh(f"ip link del {IFB}")
    done = converge(pair, "bandwidth", BOTH)
    assert done["diff"][0]["before"]["redirected"] is False
    assert _disciplines(pair, IFB) == before
    assert f"Redirect to device {IFB}" in pair.sh("tc filter show dev va ingress")


def test_a_redirection_to_a_device_that_was_deleted_ends_with_the_limit(pair: Host) -> None:
    before = pair.dump()
    converge(pair, "bandwidth", BOTH)
    pair.sh(f"ip link del {IFB}")
    converge(pair, "bandwidth", {**BOTH, "state": "absent"})
    assert before.changes_to(pair.dump()) == []


def test_what_is_left_of_a_pair_that_is_gone_goes(pair: Host) -> None:
    converge(pair, "bandwidth", BOTH)
    pair.sh("ip link del va")
    before = pair.dump()
    done = converge(pair, "bandwidth", {"interface": "va", "owner": "shop", "state": "absent"})
    assert done["diff"][0]["before"]["egress_rate"] == "5mbit"
    assert {change.split(": ")[0] for change in before.changes_to(pair.dump())} <= {
        "host links",
        "host limits",
        "host sysctls",
        "host ipv6 routes",
    }
    assert pair.run(["ip", "link", "show", IFB], check=False).rc
    converge(pair, "bandwidth", {"interface": "va", "owner": "shop", "state": "absent"}, changed=False)


@pytest.mark.parametrize(
    ("options", "given", "sentence"),
    [
        (
            {"ingress_rate": "50mbit"},
            "tc qdisc add dev va root handle 7: pfifo",
            (
                "interface va has a queueing discipline pfifo of somebody else, so ingress_rate cannot be set; remove "
                "it with: tc qdisc del dev va root"
            ),
        ),
        (
            {"ingress_rate": "50mbit"},
            "tc qdisc add dev va root tbf rate 1mbit burst 32k latency 50ms",
            "interface va has a queueing discipline tbf of somebody else",
        ),
        (
            {"egress_rate": "50mbit"},
            "tc qdisc add dev va clsact",
            (
                "interface va has a queueing discipline clsact of somebody else for what it receives, so egress_rate "
                "cannot be set; remove it with: tc qdisc del dev va clsact"
            ),
        ),
        (
            {"egress_rate": "50mbit"},
            (
                "tc qdisc add dev va ingress; tc filter add dev va ingress protocol ip pref 7 u32 match u32 0 0 "
                "action mirred egress mirror dev br0"
            ),
            (
                "interface va has a filter u32 of somebody else for what it receives, so egress_rate cannot be "
                "set; remove it with: tc qdisc del dev va ingress"
            ),
        ),
        (
            {"egress_rate": "50mbit"},
            f"ip link add {IFB} type ifb",
            f"interface {IFB} was not made by this collection, but its name is needed for the limits of va",
        ),
        (
            {"egress_rate": "50mbit"},
            f"ip link add {IFB} type ifb; ip link set {IFB} alias linuxnet:other:va",
            f"interface {IFB} belongs to owner other",
        ),
        (
            {"ingress_rate": "50mbit"},
            "ip link set va alias linuxnet:other:a",
            "interface va belongs to owner other",
        ),
        (
            {"ingress_rate": "50mbit", "interface": "br0"},
            "true",
            "interface br0 is not an end of a veth pair but bridge, which this module does not limit",
        ),
        (
            {"ingress_rate": "50mbit", "ingress_burst": "1500b"},
            "true",
            (
                "ingress_burst: 1500b is less than a frame of interface va with its MTU of 1500, which would never be "
                "sent; it takes at least 1518b"
            ),
        ),
        ({"ingress_rate": "50mbit", "interface": "va2"}, "ip link property add dev va altname va2", "use va"),
    ],
)
def test_what_is_somebody_elses_is_refused(pair: Host, options: dict[str, Any], given: str, sentence: str) -> None:
    pair.sh(given)
    refused(pair, "bandwidth", {"interface": "va", "owner": "shop", **options}, sentence)


def test_the_default_of_the_kernel_is_nobodys(pair: Host) -> None:
    """Whatever net.core.default_qdisc says, it has the handle 0."""
    pair.sh("ip link add vb type veth peer name vc; ip link set vb txqueuelen 1000 up")
    converge(pair, "bandwidth", {"interface": "vb", "ingress_rate": "1mbit", "egress_rate": "1mbit"})


def test_foreign_filters_beside_ours_stay(pair: Host) -> None:
    converge(pair, "bandwidth", BOTH)
    pair.sh(
        "tc filter add dev va ingress protocol ip pref 7 u32 match ip dst 192.0.2.1 action mirred egress mirror dev br0"
    )
    converge(pair, "bandwidth", BOTH, changed=False)
    converge(pair, "bandwidth", {"interface": "va", "owner": "shop", "state": "absent"})
    found = pair.sh("tc filter show dev va ingress")
    assert "pref 7 " in found
    assert "27758" not in found


RATE = (
    "a rate from 8kbit to 32gbit with one of tc's units, bit, kbit, mbit or gbit, or kbps or mbps for bytes per second"
)
SIZE = "a size from 1b to 1gb with one of tc's units, b, kb or mb, such as '256kb'"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ingress_rate": "100"}, f"ingress_rate: '100' is not allowed: {RATE}"),
        ({"ingress_rate": 100}, f"ingress_rate: 100 is not allowed: {RATE}"),
        ({"egress_rate": "fast"}, f"egress_rate: 'fast' is not allowed: {RATE}"),
        ({"egress_rate": "0mbit"}, f"egress_rate: '0mbit' is not allowed: {RATE}"),
        ({"egress_rate": 0}, f"egress_rate: 0 is not allowed: {RATE}"),
        ({"egress_rate": "-5mbit"}, f"egress_rate: '-5mbit' is not allowed: {RATE}"),
        ({"egress_rate": "7kbit"}, f"egress_rate: '7kbit' is not allowed: {RATE}"),
        ({"egress_rate": "33gbit"}, f"egress_rate: '33gbit' is not allowed: {RATE}"),
        ({"egress_rate": "5mbit/s"}, f"egress_rate: '5mbit/s' is not allowed: {RATE}"),
        ({"egress_rate": "100%"}, f"egress_rate: '100%' is not allowed: {RATE}"),
        ({"egress_rate": ["5mbit"]}, "egress_rate: ['5mbit'] is not allowed"),
        ({"egress_burst": "64kb"}, "egress_burst: '64kb' is not allowed: only together with egress_rate"),
        ({"egress_rate": "5mbit", "egress_burst": "0kb"}, f"egress_burst: '0kb' is not allowed: {SIZE}"),
        ({"egress_rate": "5mbit", "egress_burst": 65536}, f"egress_burst: 65536 is not allowed: {SIZE}"),
        ({"egress_rate": "5mbit", "egress_burst": "2gb"}, f"egress_burst: '2gb' is not allowed: {SIZE}"),
        (
            {"egress_rate": "8kbit", "egress_burst": "1mb"},
            "egress_burst: '1mb' is not allowed: at most 200000b, which take 200 seconds at this rate",
        ),
        ({}, "ingress_rate or egress_rate is required: a rate, unless state is absent"),
    ],
)
def test_bad_input(pair: Host, options: dict[str, Any], sentence: str) -> None:
    refused(pair, "bandwidth", {"interface": "va", **options}, sentence)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("100mbit", "100mbit"),
        ("100Mbit", "100mbit"),
        ("1.5mbit", "1500kbit"),
        ("1 gbit", "1gbit"),
        ("125kbps", "1mbit"),
        ("1kibps", "8192bit"),
        ("32gbit", "32gbit"),
        ("8kbit", "8kbit"),
    ],
)
def test_units_of_tc(pair: Host, given: str, shown: str) -> None:
    """The kernel has the rate that tc would set."""
    done = converge(pair, "bandwidth", {"interface": "va", "ingress_rate": given, "egress_rate": given})
    (one,) = done["objects"]
    assert (one["ingress_rate"], one["egress_rate"]) == (shown, shown)
    ours = _disciplines(pair, "va")["tbf"]["rate"]
    pair.sh(f"tc qdisc replace dev br0 root tbf rate {given.replace(' ', '')} burst 100k latency 50ms")
    assert ours == _disciplines(pair, "br0")["tbf"]["rate"]


def test_a_missing_interface(host: Host) -> None:
    message = host.module("bandwidth", {"interface": "va", "ingress_rate": "1mbit"}, fails=True)["msg"]
    assert message == "interface va does not exist"
    foretold = host.module("bandwidth", {"interface": "va", "ingress_rate": "1mbit"}, check=True)
    assert foretold["changed"]
    converge(host, "bandwidth", {"interface": "va", "state": "absent"}, changed=False)


def test_inside_a_namespace(pair: Host) -> None:
    pair.sh("ip netns add r; ip -n r link add vr type veth peer name eth1 netns a")
    options = {"interface": "vr", "netns": "r", "ingress_rate": "1mbit", "egress_rate": "1mbit"}
    converge(pair, "bandwidth", options)
    repairs(pair, "bandwidth", options, "tc qdisc del dev vr root", netns="r")
    converge(pair, "bandwidth", {"interface": "vr", "netns": "r", "state": "absent"})
    assert len(pair.ip("-n", "r", "link", "show")) == 2


def test_a_jumbo_frame_fits_into_every_burst(pair: Host) -> None:
    pair.sh("ip link set va mtu 65000")
    done = converge(pair, "bandwidth", {"interface": "va", "ingress_rate": "1mbit"})
    assert int(done["objects"][0]["ingress_burst"].removesuffix("kb").removesuffix("b")) >= 2 * 65018


def _unknown_discipline(route: Any) -> None:
    route.tc("add", index=1, kind="sfq", handle=0x10000, opts=b"")


def _refusal() -> str:
    """What is said of a part that this kernel does lack."""
    parts = (("the queueing discipline sfq (CONFIG_NET_SCH_SFQ)", _unknown_discipline),)
    with mock.patch.dict(bandwidth_probe.PARTS, {"egress": parts}), KernelHost(check_mode=False) as here:
        try:
            bandwidth_probe.refuse(here, "endpoints[0].", ["ingress", "egress"])
        except LinuxnetError as error:
            return str(error)
    return ""


def test_a_kernel_that_lacks_a_part_says_which(host: Host) -> None:
    lacking = "the queueing discipline sfq (CONFIG_NET_SCH_SFQ)"
    assert host.call(_refusal) == f"endpoints[0].egress_rate: this kernel lacks {lacking}"


def _lacking() -> list[str]:
    with KernelHost(check_mode=False) as here:
        bandwidth_probe.refuse(here, "", ["ingress", "egress"])
    return []


def test_this_kernel_lacks_nothing(host: Host) -> None:
    before = host.dump()
    assert host.call(_lacking) == []
    assert before.changes_to(host.dump()) == []
