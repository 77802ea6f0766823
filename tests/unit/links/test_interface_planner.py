# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of module interface, on a small simulated kernel."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import routes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, broadcast_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import NOWHERE, Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface import Interface, Space, State
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_planner import Want
from tests.unit.links.small_kernel import Namespace, many

ADDRESSES = [
    *("10.0.0.2/24", "10.0.0.3/24", "10.0.0.2/16", "10.0.1.2/24", "10.0.0.4/16"),
    *("fd00::2/64", "fd00::2/48", "fd00::3/64"),
]
ROUTES = [
    {"to": "default", "via": "10.0.0.1"},
    {"to": "default", "via": "10.0.0.9"},
    {"to": "default", "via": "10.0.0.1", "metric": 7},
    {"to": "::/0", "via": "fd00::1"},
    {"to": "::/0", "via": "fd00::1", "src": "fd00::2"},
    {"to": "10.9.0.0/16", "type": "blackhole"},
    {"to": "10.9.0.0/16", "via": "10.0.0.1", "src": "10.0.0.2"},
    {"to": "10.9.0.0/16", "via": "10.77.0.1", "on_link": True},
    {"to": "10.9.0.0/16", "table": "100", "src": "10.0.0.3"},
    {"to": "fd09::/64", "type": "prohibit"},
    {"to": "fd09::/64", "via": "fd00::1"},
]
SETTING = "net/ipv4/conf/IFNAME/rp_filter"
RESOURCE = Interface()


def _route(option: dict[str, Any], index: int, protocol: int = 4) -> Route:
    return routes.wants("routes", [option])[0].route({}, index).but(protocol=protocol)


@st.composite
def namespaces(draw: st.DrawFn) -> Namespace:
    """Two interfaces in any state that a kernel could be in."""
    links = {
        name: Link(
            index=index,
            name=name,
            up=draw(st.booleans()),
            mtu=draw(st.sampled_from([1500, 1400])),
            mac_address="02:00:00:00:00:01",
        )
        for index, name in enumerate(("lo", "eth0", "eth1"), start=1)
    }
    found = Namespace(
        links, settings={f"net/ipv4/conf/{name}/rp_filter": draw(st.sampled_from("012")) for name in links}
    )
    for name in ("eth0", "eth1"):
        link = links[name]
        for text in draw(st.lists(st.sampled_from(ADDRESSES), unique=True, max_size=4)):
            address = ipaddress.ip_interface(text)
            taken = {one.address.ip for one in found.addresses if one.index == link.index and address.version == 6}
            if (link.up or address.version == 4) and address.ip not in taken:
                dynamic = draw(st.sampled_from([False, False, False, True]))
                everybody = draw(st.sampled_from([broadcast_of(address), None]))
                found.addresses.append(Address(link.index, address, dynamic=dynamic, broadcast=everybody))
        for option in draw(st.lists(st.sampled_from(ROUTES), max_size=4)):
            route = _route(option, link.index, draw(st.sampled_from([2, 3, 4, 9, 16])))
            if (link.up or route.index is None) and route.key not in {one.key for one in found.routes}:
                found.routes.append(route)
    return found


@st.composite
def wants(draw: st.DrawFn, state: str = "present") -> Want:
    options = {
        "name": "eth0",
        "state": state,
        "owner": "default",
        "netns": None,
        "enabled": draw(st.booleans()),
        "mtu": draw(st.sampled_from([None, 1400])),
        "mac_address": draw(st.sampled_from([None, "02:00:00:00:00:09"])),
        "addresses": draw(
            st.none() | st.lists(st.sampled_from(ADDRESSES), unique_by=lambda text: text.partition("/")[0], max_size=4)
        ),
        "purge_addresses": draw(st.booleans()),
        "routes": draw(st.none() | st.lists(st.sampled_from(ROUTES), unique_by=_key, max_size=4)),
        "purge_routes": draw(st.booleans()),
        "neighbours": None,
        "purge_neighbours": False,
        "proxy_neighbours": None,
        "purge_proxy_neighbours": None,
        "sysctls": draw(st.sampled_from([None, {"net.ipv4.conf.IFNAME.rp_filter": 2}])),
    }
    if state == "present" and not options["enabled"]:
        # An interface that is down has no routes, which is refused before planning.
        options["routes"] = [route for route in options["routes"] or () if "type" in route]
    return RESOURCE.want(options)


def _key(route: dict[str, Any]) -> tuple[Any, ...]:
    return (route["to"], route.get("metric"), route.get("table"))


def _plan(want: Want, found: Namespace) -> Plan:
    settings = {want.name: {SETTING: found.settings[want.path(SETTING)]}} if want.settings else {}
    space = Space(dict(found.links), tuple(found.addresses), tuple(found.routes), settings)
    own = (0, 1)
    return RESOURCE.plan([want], State(own, {None: own}, {own: space}, {}, {}))


@many
@given(namespaces(), wants())
def test_the_steps_lead_to_the_want_and_then_nothing_is_left_to_do(found: Namespace, want: Want) -> None:
    stranger = _others(found)
    try:
        plan = _plan(want, found)
    except Refused:
        reject()
    assert bool(plan.steps) == plan.changes[0].changed
    found.execute(plan.steps)
    _assert_fulfilled(want, found)
    assert _others(found) == stranger
    again = _plan(want, found)
    assert (again.steps, again.changes[0].changed) == ([], False)
    assert again.changes[0].after == plan.changes[0].after


@many
@given(namespaces(), wants(state="absent"))
def test_absent_takes_what_is_listed_and_nothing_else(found: Namespace, want: Want) -> None:
    listed = {address.ip for address in want.addresses or ()}
    kept = [one for one in found.addresses if one.index != 2 or one.address.ip not in listed]
    up = found.links["eth0"]
    plan = _plan(want, found)
    found.execute(plan.steps)
    assert found.addresses == kept
    assert found.links["eth0"] == up
    assert plan.changes[0].after == {}
    assert _plan(want, found).steps == []


def _others(found: Namespace) -> tuple[list[Address], list[Route], Link]:
    """What belongs to another interface."""
    return (
        [one for one in found.addresses if one.index == 3],
        [one for one in found.routes if one.index == 3 and not one.src],
        found.links["eth1"],
    )


def _assert_fulfilled(want: Want, found: Namespace) -> None:
    link = found.links["eth0"]
    assert link.up == want.enabled
    assert want.mtu in (None, link.mtu)
    assert want.mac_address in (None, link.mac_address)
    mine = [one for one in found.addresses if one.index == link.index]
    if want.addresses is not None:
        for address in want.addresses:
            assert [one.address for one in mine if one.address.ip == address.ip] == [address]
        if want.purge_addresses:
            assert all(one.dynamic or one.address in want.addresses for one in mine)
    if want.routes is not None:
        wanted = [one.route({}, link.index) for one in want.routes]
        for route in wanted:
            there = [one for one in found.routes if one.key == route.key]
            assert [one.but(protocol=4, scope="global") for one in there] == [route]
        if want.purge_routes:
            keys = {route.key for route in wanted}
            surplus = [
                one
                for one in found.routes
                if one.index == link.index and one.type not in NOWHERE and one.key not in keys
            ]
            assert all(one.protocol in (2, 9, 16) for one in surplus)
    if want.settings:
        assert found.settings[want.path(SETTING)] == "2"


def test_a_later_want_sees_what_an_earlier_one_did() -> None:
    found = Namespace({name: Link(index=index, name=name, up=True) for index, name in ((2, "eth0"), (3, "eth1"))})
    space = Space(found.links, (), (), {})
    pair = [
        Want("present", "default", None, name, routes=routes.wants("routes", [{"to": "1.1.1.1/32"}]))
        for name in ("eth0", "eth1")
    ]
    with pytest.raises(
        Refused, match="interface eth1: a route to 1.1.1.1/32 with metric 0 in table main leads over interface eth0"
    ):
        RESOURCE.plan(pair, State((0, 1), {None: (0, 1)}, {(0, 1): space}, {}, {}))


def test_an_address_that_another_host_has_is_made_anew() -> None:
    address = ipaddress.ip_interface("fd00::2/64")
    found = Namespace({"eth0": Link(index=2, name="eth0", up=True)}, [Address(2, address, failed=True)])
    plan = _plan(Want("present", "default", None, "eth0", addresses=(address,)), found)
    assert plan.changes[0].changed
    found.execute(plan.steps)
    assert found.addresses == [Address(2, address)]


def test_routes_that_go_with_the_last_ipv4_address_are_put_back() -> None:
    route = {"to": "1.1.1.1/32"}
    last = ipaddress.ip_interface("10.0.0.2/24")
    found = Namespace({"eth0": Link(index=2, name="eth0", up=True)}, [Address(2, last)], [_route(route, 2)])
    other = ipaddress.ip_interface("fd00::2/64")
    wanted = routes.wants("routes", [route])
    want = Want("present", "default", None, "eth0", addresses=(other,), purge_addresses=True, routes=wanted)
    found.execute(_plan(want, found).steps)
    _assert_fulfilled(want, found)


def test_a_route_that_loses_its_source_address_gets_it_back() -> None:
    route = {"to": "::/0", "via": "fd00::1", "src": "fd00::2"}
    wrong, right = ipaddress.ip_interface("fd00::2/48"), ipaddress.ip_interface("fd00::2/64")
    found = Namespace({"eth0": Link(index=2, name="eth0", up=True)}, [Address(2, wrong)], [_route(route, 2)])
    want = Want("present", "default", None, "eth0", addresses=(right,), routes=routes.wants("routes", [route]))
    found.execute(_plan(want, found).steps)
    _assert_fulfilled(want, found)


def test_ipv6_addresses_that_go_with_the_link_are_put_back() -> None:
    address = ipaddress.ip_interface("fd00::2/64")
    found = Namespace({"eth0": Link(index=2, name="eth0", up=True)}, [Address(2, address)])
    want = Want("present", "default", None, "eth0", enabled=False, addresses=(address,))
    found.execute(_plan(want, found).steps)
    _assert_fulfilled(want, found)


def test_what_the_kernel_a_router_or_a_lease_put_there_is_never_purged() -> None:
    mine, leased = ipaddress.ip_interface("10.0.0.2/24"), ipaddress.ip_interface("10.0.0.3/24")
    kept = [_route({"to": f"10.{protocol}.0.0/16"}, 2, protocol) for protocol in (2, 9, 12, 16)]
    gone = [_route({"to": f"11.{protocol}.0.0/16"}, 2, protocol) for protocol in (3, 4)]
    addresses = [
        Address(2, mine, broadcast="10.0.0.255"),
        Address(2, leased, dynamic=True),
        Address(2, ipaddress.ip_interface("fe80::1/64"), "link"),
    ]
    found = Namespace({"eth0": Link(index=2, name="eth0", up=True)}, list(addresses), [*kept, *gone])
    want = Want(
        "present", "default", None, "eth0", addresses=(mine,), routes=(), purge_addresses=True, purge_routes=True
    )
    found.execute(_plan(want, found).steps)
    assert found.addresses == addresses
    assert [one for one in found.routes if one.table == 254 and one.to != "10.0.0.0/24"] == kept
