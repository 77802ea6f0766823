# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes and settings that the modules would refuse in the middle of a run are refused by the planner."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.unit.plan.builders import dual, elements, plan, variables
from tests.unit.plan.world import Info, after, empty_info

PLACE = "bridge_network_endpoints[0]"


def refused(want: Info, info: Info | None = None) -> str:
    """The sentence with which a want is refused."""
    with pytest.raises(LinuxnetError) as error:
        plan(want, info)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


def routed(*routes: t.Any, **more: t.Any) -> Info:
    return {"namespace": "web", "routes": list(routes), **more}


def inside(want: Info) -> list[Info]:
    """The routes of the first endpoint."""
    found: list[Info] = elements(plan(want), "interface")
    return next(list(element["routes"]) for element in found if "netns" in element)


def second(**more: t.Any) -> Info:
    """Another network with an endpoint in the same namespace, without its default route."""
    endpoint = {"namespace": "web", "interface": "eth1", "default_route": False, **more}
    return variables(endpoint, name="br1", ipam_config=[{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}])


@pytest.mark.parametrize("default_route", [True, False])
@pytest.mark.parametrize(
    ("via", "allowed"),
    [
        ("172.18.255.255", "a host's address of 172.18.0.0/16, neither the network's own nor its broadcast address"),
        ("172.18.0.0", "a host's address of 172.18.0.0/16, neither the network's own nor its broadcast address"),
        ("172.18.0.2", "another host's address, this one is the interface's own"),
        (
            "192.0.2.1",
            "an address of 172.18.0.0/16; set on_link: true if the gateway is on the link nevertheless",
        ),
        ("224.0.0.1", "a unicast address"),
    ],
)
def test_a_gateway_that_none_can_reach(via: str, allowed: str, default_route: bool) -> None:
    good = {"to": "192.168.0.0/16", "via": "172.18.0.9"}
    want = variables(routed(good, {"to": "10.0.0.0/8", "via": via}, default_route=default_route))
    assert refused(want) == f"{PLACE}.routes[1].via: {via!r} is not allowed: {allowed}"


def test_a_gateway_on_a_subnet_that_the_endpoint_is_not_in() -> None:
    both = [{"subnet": "172.18.0.0/16"}, {"subnet": "10.9.0.0/24"}]
    want = variables(routed({"to": "10.0.0.0/16", "via": "10.9.0.7"}), ipam_config=both)
    assert "'10.9.0.7' is not allowed: an address of 172.18.0.0/16; set on_link" in refused(want)


@pytest.mark.parametrize(
    "routes",
    [
        [{"to": "10.0.0.0/8", "via": "192.0.2.1", "on_link": True}],
        [{"to": "10.0.0.0/8", "via": "192.0.2.1"}, {"to": "192.0.2.0/24"}],
        [{"to": "10.0.0.0/8", "via": "192.0.2.1", "table": 7}, {"to": "192.0.2.0/24", "table": "7"}],
        [{"to": "2001:db8::/32", "via": "fe80::1"}],
    ],
)
def test_a_gateway_that_is_on_the_link_nevertheless(routes: list[Info]) -> None:
    assert len(inside(dual(routed(*routes)))) == len(routes) + 2


@pytest.mark.parametrize(
    "other",
    [{"to": "192.0.2.0/24", "type": "blackhole"}, {"to": "192.0.2.0/24", "table": 7}, {"to": "198.51.100.0/24"}],
)
def test_a_route_that_does_not_lead_to_the_gateway(other: Info) -> None:
    sentence = refused(variables(routed({"to": "10.0.0.0/8", "via": "192.0.2.1"}, other)))
    assert sentence.startswith(f"{PLACE}.routes[0].via: '192.0.2.1'")


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("net.ipv6.conf.IFNAME", 1, f"{PLACE}.sysctls: 'net.ipv6.conf.IFNAME' is not allowed: a setting of the inter"),
        ("net.IFNAME.conf.IFNAME.x", 1, f"{PLACE}.sysctls: 'net.IFNAME.conf.IFNAME.x' is not allowed: a setting of"),
        (
            "net.ipv6.conf.IFNAME.disable_ipv6",
            1,
            f"{PLACE}.sysctls.net.ipv6.conf.IFNAME.disable_ipv6: 1 is not allowed: 0, since an IPv6 address is given",
        ),
        ("net.core", 1, f"{PLACE}.sysctls: 'net.core' is not allowed: a setting of the network"),
        ("net.core.somaxconn", " ", f"{PLACE}.sysctls.net.core.somaxconn: ' ' is not allowed: a number or a string"),
    ],
)
def test_settings_that_cannot_be(setting: str, value: object, sentence: str) -> None:
    assert refused(dual({"namespace": "web", "sysctls": {setting: value}})).startswith(sentence)


def test_ipv6_switched_off_where_the_network_has_none() -> None:
    assert plan(variables({"namespace": "web", "sysctls": {"net.ipv6.conf.IFNAME.disable_ipv6": 1}}))


@pytest.mark.parametrize(
    ("route", "what"),
    [
        ({"to": "default", "via": "172.19.0.1"}, "its default route"),
        ({"to": "0.0.0.0/0", "via": "172.19.0.1", "table": "main"}, "its default route"),
        ({"to": "::/0", "via": "fd00:19::1", "table": 254, "metric": 1024}, "its default route"),
        ({"to": "10.0.0.0/8", "via": "172.19.0.9"}, "its route to 10.0.0.0/8"),
        ({"to": "172.18.0.0/16"}, "its route to 172.18.0.0/16"),
    ],
)
def test_a_listed_route_that_another_network_has(route: Info, what: str) -> None:
    info = after(empty_info(), plan(dual(routed({"to": "10.0.0.0/8", "via": "172.18.0.9"}))))
    assert refused(second(routes=[route]), info) == (
        f"{PLACE}.routes[0].to: namespace 'web' has {what} on network br0 and cannot have another on network br1 with"
        " the same table and metric; give this one another metric or table, or remove one"
    )
    for more in ({"metric": 77}, {"table": 100}, {"table": "vpn"}):
        assert plan(second(routes=[{**route, **more}]), info)


def test_listed_routes_are_planned_again() -> None:
    want = dual(routed({"to": "default", "via": "172.18.0.9"}, {"to": "10.0.0.0/8"}, default_route=False))
    info = after(empty_info(), plan(want))
    assert plan(want, info)["modules"]["interface"] == plan(want)["modules"]["interface"]


@pytest.mark.parametrize(
    ("first", "route", "sentence"),
    [
        (
            {},
            {"to": "default", "via": "172.18.0.9"},
            f"each destination once in namespace web with one table and metric, and {PLACE}.default_route has this one",
        ),
        (
            {"routes": [{"to": "10.0.0.0/8"}]},
            {"to": "10.0.0.0/8", "type": "blackhole"},
            f"with one table and metric, and {PLACE}.routes[0].to has this one",
        ),
    ],
)
def test_one_route_of_two_endpoints(first: Info, route: Info, sentence: str) -> None:
    other = routed(route, interface="eth1", default_route=False)
    assert sentence in refused(variables({"namespace": "web", **first}, other))
    assert plan(variables({"namespace": "db", **first}, other))


def test_a_default_route_under_its_other_name() -> None:
    sentence = refused(variables(routed({"to": "0.0.0.0/0", "via": "172.18.0.9"})))
    assert sentence.startswith(f"{PLACE}.routes[0].to: '0.0.0.0/0' is not allowed: another destination, or")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"type": "throw"}, {"type": "throw"}),
        ({"table": "main"}, {"table": "main"}),
        ({"table": "vpn"}, {"table": "vpn"}),
        ({"table": "100"}, {"table": 100}),
        ({"table": 4294967295}, {"table": 4294967295}),
    ],
)
def test_what_the_module_takes_is_taken(given: Info, taken: Info) -> None:
    want = variables(routed({"to": "10.0.0.0/8", **given}, default_route=False))
    assert inside(want) == [{"to": "10.0.0.0/8", **taken}]


def test_a_default_route_that_drops_needs_no_gateway() -> None:
    route = {"to": "default", "type": "unreachable"}
    assert inside(variables(routed(route, default_route=False))) == [route]


@pytest.mark.parametrize("table", [0, 2**32, "0", "-1", True, "two words", 1.5])
def test_a_table_that_there_cannot_be(table: object) -> None:
    sentence = refused(variables(routed({"to": "10.0.0.0/8", "table": table})))
    allowed = "a whole number from 1 to 4294967295, or the name of a table"
    assert sentence == f"{PLACE}.routes[0].table: {table!r} is not allowed: {allowed}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"to": "10.0.0.0/8"}, {"to": "10.0.0.0/8", "table": "main"}),
        ({"to": "10.0.0.0/8", "table": 254}, {"to": "10.0.0.0/8", "table": "main"}),
        ({"to": "2001:db8::/32"}, {"to": "2001:db8::/32", "metric": 1024}),
    ],
)
def test_one_route_in_two_spellings(one: Info, other: Info) -> None:
    assert "each destination once in a table with one metric" in refused(dual(routed(one, other)))
