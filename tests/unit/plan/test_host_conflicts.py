# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host already has that a new network would conflict with."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from tests.unit.plan.builders import dual, plan, variables
from tests.unit.plan.world import Info, after, empty_info, interface, namespace, route


def host(*interfaces: Info, routes: t.Sequence[Info] = (), **forwarding: bool | None) -> Info:
    """A host with these interfaces and routes."""
    info = empty_info(**forwarding)
    info["host"]["interfaces"] += interfaces
    info["host"]["routes"] += routes
    return info


def refused(want: Info, info: Info, **more: t.Any) -> str:
    with pytest.raises(Refused) as error:
        plan(want, info, **more)
    return str(error.value)


@pytest.mark.parametrize("address", ["172.18.3.4/16", "172.18.3.4/24", "172.16.0.1/12"])
def test_a_subnet_that_an_interface_is_in(address: str) -> None:
    sentence = refused(variables(), host(interface("eth0", addresses=[address])))
    assert sentence.startswith("bridge_network_ipam_config[0].subnet: 172.18.0.0/16 overlaps ")
    assert sentence.endswith(", the network of the host's interface eth0")


def test_a_subnet_of_another_network_is_named() -> None:
    info = after(empty_info(), plan(variables(name="other")))
    assert refused(variables(), info).endswith("the network of the host's interface other (network other)")


def test_a_subnet_that_is_routed_elsewhere() -> None:
    assert "overlaps 172.18.0.0/16" in refused(variables(), host(routes=[route("172.18.0.0/16", "tun0")]))
    info = host(interface("tun0"), routes=[route("172.18.9.0/24", "tun0")])
    sentence = refused(variables(), info)
    assert sentence == (
        "bridge_network_ipam_config[0].subnet: 172.18.0.0/16 overlaps 172.18.9.0/24, which the host has a route"
        " to over tun0"
    )


def test_a_wider_route_is_only_worth_a_warning() -> None:
    info = host(interface("tun0"), routes=[route("172.16.0.0/12", "tun0", via="10.0.0.1")])
    assert any("hides a part of 172.16.0.0/12" in warning for warning in plan(variables(), info)["warnings"])


@pytest.mark.parametrize(
    "routes",
    [
        [route("default", "eth0", via="192.0.2.254")],
        [route("172.18.0.0/16", "br0", protocol="kernel")],
        [route("172.16.0.0/12", "lo", type="blackhole")],
        [route("default", "lo", type="unreachable", metric=0)],
        [route("172.18.0.0/16", "lo", type="blackhole", metric=100)],
        [route("fd00:18::/64", "lo", type="unreachable", metric=1024)],
        [route("172.18.0.0/16", "eth0", table=100)],
        [route("fe80::/64", "eth0"), route("ff00::/8", "eth0")],
        [route("10.0.0.0/8", "eth0")],
    ],
)
def test_routes_that_do_not_matter(routes: list[Info]) -> None:
    assert plan(dual(), host(interface("eth0", addresses=["192.0.2.1/24", "fe80::1/64"]), routes=routes))


@pytest.mark.parametrize(
    "dead",
    [
        route("172.18.0.0/16", "lo", type="blackhole"),
        route("172.18.0.0/26", "lo", type="unreachable", metric=900),
        route("172.18.0.2/32", "lo", type="prohibit"),
        route("172.18.4.0/24", "lo", type="throw"),
        route("fd00:18::/64", "lo", type="blackhole", metric=256),
        route("fd00:18::/80", "lo", type="unreachable", metric=1024),
    ],
)
def test_a_subnet_of_which_a_part_leads_nowhere(dead: Info) -> None:
    sentence = refused(dual(), host(routes=[dead]))
    assert f"overlaps {dead['to']}, for which the host has a route of type {dead['type']}" in sentence
    info = after(empty_info(), plan(dual()))
    info["host"]["routes"].append(dead)
    (warning,) = plan(dual("web"), info)["warnings"]
    assert warning.startswith(sentence)


def test_what_came_while_the_network_stands_is_a_warning() -> None:
    """A VPN must not prevent an endpoint from being added; a new subnet is refused nevertheless."""
    info = after(empty_info(), plan(variables("web")))
    info["host"]["interfaces"].append(interface("wg0", addresses=["172.18.7.1/24"]))
    info["host"]["routes"] += [route("172.18.7.0/24", "wg0", protocol="kernel"), route("172.18.9.0/24", "wg0")]
    document = plan(variables("web", "db"), info)
    assert document["endpoints"][1]["namespace"] == "db"
    told = [warning for warning in document["warnings"] if "are no longer reachable on the bridge" in warning]
    assert [one.split(" overlaps ")[1].split(",")[0] for one in told] == ["172.18.7.0/24", "172.18.9.0/24"]
    more = [{"subnet": "172.18.0.0/16"}, {"subnet": "172.19.0.0/16"}]
    info["host"]["routes"].append(route("172.19.4.0/24", "wg0"))
    assert "overlaps 172.19.4.0/24, which" in refused(variables("web", ipam_config=more), info)


@pytest.mark.parametrize("kind", ["dummy", None, "vlan"])
def test_a_link_of_another_kind_with_the_networks_mark_is_left_alone(kind: str | None) -> None:
    odd = interface("odd0", kind=kind, alias=marks.alias("br0", "web"))
    document = plan(variables("web"), host(odd))
    assert "odd0: has the mark of network br0, but was not created for it" in document["warnings"][0]
    assert "odd0" not in str(document["modules"])
    absent = plan({"name": "br0", "state": "absent"}, host(odd))
    assert "odd0" in absent["warnings"][0]
    assert "odd0" not in str(absent["modules"])


@pytest.mark.parametrize("owner", ["default", "shop"])
def test_what_the_modules_made_for_an_owner_that_is_no_network_may_be_a_port(owner: str) -> None:
    info = host(interface("eth1", kind="veth", alias=marks.alias(owner, "router")))
    document = plan(variables(ports=["eth1"]), info)
    (element,) = [one for one in document["modules"]["interface"] if one["name"] == "eth1"]
    assert element["owner"] == owner
    (port,) = [one for one in document["modules"]["bridge_port"] if one["interface"] == "eth1"]
    assert port["interface_owner"] == owner


def test_an_enslaved_interface_may_have_an_address_of_the_subnet() -> None:
    info = host(interface("eth0", addresses=["172.18.0.7/16"]), routes=[route("172.18.0.0/16", "eth0")])
    document = plan(variables("web", ports=["eth0"], ports_force=True), info)
    assert document["endpoints"][0]["addresses"] == ["172.18.0.2/16"]
    given = variables({"namespace": "web", "ipv4_address": "172.18.0.7"}, ports=["eth0"], ports_force=True)
    assert "172.18.0.7 is already in use: eth0 of the host has it" in refused(given, info)


def test_ipv6_that_the_host_has_not() -> None:
    sentence = refused(dual(), empty_info(ipv6=None))
    assert (
        sentence
        == "bridge_network_ipam_config[1].subnet: fd00:18::/64 is an IPv6 network, and IPv6 is switched off on the host"
    )
    modules = plan(variables("web"), empty_info(ipv6=None))["modules"]
    assert modules["bridge_forward"][0]["ip_version"] == "ipv4"
    assert not [
        element for element in modules["interface"] if "net.ipv6.conf.IFNAME.accept_ra" in element.get("sysctls", {})
    ]


@pytest.mark.parametrize(
    ("existing", "sentence"),
    [
        (interface("br0", kind="veth"), "bridge_network_name: 'br0' exists on the host and is not a bridge"),
        (interface("br0", kind="bridge"), "was not made by this role; join it with bridge_network_external: true"),
        (interface("br0", kind="bridge", alias=marks.alias("br9")), "the bridge 'br0' belongs to owner br9"),
    ],
)
def test_a_name_that_is_taken(existing: Info, sentence: str) -> None:
    assert sentence in refused(variables(), host(existing))


@pytest.mark.parametrize("alias", ["my own words", None, ""])
def test_our_bridge_is_known_by_its_group_where_the_alias_was_edited(alias: str | None) -> None:
    assert plan(variables(), host(interface("br0", kind="bridge", alias=alias, group=marks.group("br0"))))


def test_a_bridge_without_a_mark_is_somebody_elses_whatever_rules_of_ours_are_left() -> None:
    info = host(interface("br0", kind="bridge"))
    info["host"]["rules"].append({"kind": "forward", "owner": "br0", "bridge": "br0"})
    assert "the bridge 'br0' exists and was not made by this role" in refused(variables(), info)
    (warning,) = plan({**variables(), "state": "absent"}, info)["warnings"]
    assert warning == "br0: the bridge no longer has the mark of this network and is left in place, without its rules"


@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        (interface("eth1", addresses=["192.0.2.1/24"]), "bridge_network_ports[0]: 'eth1' has addresses"),
        (interface("eth1", bridge="br9"), "'eth1' is already a port of br9"),
        (interface("eth1", kind="bridge"), "'eth1' is a bridge, and a bridge cannot be a port of another"),
        (interface("eth1", kind="veth", alias=marks.alias("br9", "web")), "'eth1' belongs to network br9"),
        (interface("eth1", kind="veth", alias=marks.alias("br0", "web")), "'eth1' belongs to network br0"),
        (interface("eth1", bridge="br9", port_owner="br9"), "'eth1' belongs to network br9"),
    ],
)
def test_an_interface_that_cannot_be_a_port(port: Info, sentence: str) -> None:
    other = interface("br9", kind="bridge", alias=marks.alias("br9"))
    assert sentence in refused(variables(ports=["eth1"]), host(port, other))


def test_the_interface_of_the_default_route_is_enslaved_by_force_only() -> None:
    info = host(interface("eth1"), routes=[route("default", "eth1", via="192.0.2.254")])
    assert "'eth1' has the host's default route" in refused(variables(ports=["eth1"]), info)
    document = plan(variables(ports=["eth1"], ports_force=True), info)
    assert "cut off from that segment" in document["warnings"][0]
    ports = document["modules"]["bridge_port"]
    assert ports == [{"interface": "eth1", "bridge": "br0", "state": "present"}]


def test_link_local_addresses_do_not_count() -> None:
    assert plan(variables(ports=["eth1"]), host(interface("eth1", addresses=["fe80::1/64"])))


def test_a_missing_port_is_an_error_and_in_check_mode_a_warning() -> None:
    sentence = "bridge_network_ports[0]: there is no interface 'eth1' on the host"
    assert refused(variables(ports=["eth1"]), empty_info()) == sentence
    assert sentence in plan(variables(ports=["eth1"]), empty_info(), check_mode=True)["warnings"]


def test_the_1024th_port_is_refused_with_the_limit_named() -> None:
    small = variables(*[f"n{number}" for number in range(1023)])
    assert len(plan(small)["modules"]["veth"]) == 1023
    large = variables(*[f"n{number}" for number in range(1024)])
    assert refused(large, empty_info()) == (
        "bridge_network_endpoints: 1024 ports are requested on br0, but the kernel allows 1023 on a bridge; use a"
        " second network"
    )


def test_foreign_ports_count_and_are_named() -> None:
    bridge = interface("br0", kind="bridge", alias=marks.alias("br0"))
    info = host(bridge, interface("tap0", bridge="br0"))
    assert plan(variables(), info)["warnings"][0] == "tap0: foreign ports on the bridge br0, left in place"
    full = variables(*[f"n{number}" for number in range(1023)])
    assert "1023 ports are requested on br0 in addition to 1 foreign ones" in refused(full, info)
    absent = plan({"name": "br0", "state": "absent"}, info)
    assert absent["warnings"] == ["tap0: foreign ports of the removed bridge br0, left in place"]


def test_a_host_port_of_another_network_is_refused_by_name() -> None:
    other = variables(
        {"namespace": "app", "published_ports": ["8080:80"]}, name="other", ipam_config=[{"subnet": "172.19.0.0/16"}]
    )
    info = after(empty_info(), plan(other))
    want = variables({"namespace": "web", "published_ports": ["127.0.0.1:8080:80"]})
    assert refused(want, info) == (
        "bridge_network_endpoints[0].published_ports[0]: port 8080/tcp of 127.0.0.1 is already published, by"
        " network other"
    )
    want["endpoints"][0]["published_ports"] = ["8081:80"]
    assert plan(want, info)


def test_two_default_routes_name_both_networks() -> None:
    info = after(empty_info(), plan(variables("web")))
    want = variables({"namespace": "web", "interface": "eth1"}, name="br1", ipam_config=[{"subnet": "172.19.0.0/16"}])
    sentence = refused(want, info)
    assert "namespace 'web' has its default route on network br0 and cannot have another on network br1" in sentence
    want["endpoints"][0]["default_route"] = False
    assert plan(want, info)


def test_a_default_route_that_is_not_ours() -> None:
    inside = [interface("eth0", addresses=["10.0.0.2/24"], peer={"netns": None, "name": "veth0"})]
    info = empty_info()
    info["namespaces"] = [namespace("web", interfaces=inside, routes=[route("default", "eth0", via="10.0.0.1")])]
    want = variables({"namespace": "web", "interface": "eth1"})
    assert "has its default route on its interface eth0, which this collection did not create, and" in refused(
        want, info
    )
    assert plan(variables({"namespace": "web", "interface": "eth1"}, internal=True), info)


def test_an_interface_that_another_network_has_inside() -> None:
    info = after(empty_info(), plan(variables("web")))
    want = variables(
        {"namespace": "web", "default_route": False}, name="br1", ipam_config=[{"subnet": "172.19.0.0/16"}]
    )
    assert "namespace 'web' already has an interface 'eth0' on network br0; choose another" in refused(want, info)


def test_a_chosen_host_interface_that_somebody_else_has() -> None:
    want = variables({"namespace": "web", "host_interface": "veth0"})
    assert "'veth0' is an interface of somebody else on the host" in refused(
        want, host(interface("veth0", kind="veth"))
    )
    theirs = interface("veth0", kind="veth", alias=marks.alias("br9", "web"))
    assert "'veth0' is an interface of network br9 on the host" in refused(want, host(theirs))
