# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definitions for each module in each mode."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import link_local
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import in_order
from tests.unit.plan.builders import addresses, dual, elements, plan, variables
from tests.unit.plan.world import Info, after, empty_info, interface, route

#: The settings of a namespace with a guarded endpoint.
DEAF = {"net.ipv4.conf.all.accept_redirects": "0"}


def inside(document: Info, namespace: str = "web") -> Info:
    """The definition of the interface inside a namespace."""
    return next(element for element in document["modules"]["interface"] if element.get("netns") == namespace)


def outside(document: Info, name: str = "br0") -> Info:
    """The definition of an interface of the host."""
    return next(
        element for element in document["modules"]["interface"] if element["name"] == name and "netns" not in element
    )


def dnat(document: Info) -> list[tuple[str, str, str]]:
    """The published ports as (host address, host port, target)."""
    return [
        (element.get("host_ip", ""), element["host_port"], f"{element['to_address']} {element['to_port']}")
        for element in elements(document, "dnat")
    ]


def test_a_wildcard_publishes_in_both_families() -> None:
    document = plan(dual({"namespace": "web", "published_ports": ["8080:80"]}))
    assert dnat(document) == [("", "8080", "172.18.0.2 80"), ("", "8080", "fd00:18::2 80")]


def test_the_wildcard_of_a_family_publishes_in_that_one() -> None:
    document = plan(dual({"namespace": "web", "published_ports": ["0.0.0.0:80:80", "[::]:81:81"]}))
    assert dnat(document) == [("", "80", "172.18.0.2 80"), ("", "81", "fd00:18::2 81")]


def test_an_address_publishes_in_its_family() -> None:
    document = plan(dual({"namespace": "web", "published_ports": ["127.0.0.1:80:80", "[2001:db8::1]:81:82"]}))
    assert dnat(document) == [("127.0.0.1", "80", "172.18.0.2 80"), ("2001:db8::1", "81", "fd00:18::2 82")]


def test_the_default_host_ip_is_for_ports_that_name_none() -> None:
    want = dual({"namespace": "web", "published_ports": ["80:80", "192.0.2.1:81:81"]}, default_host_ip="127.0.0.1")
    assert dnat(plan(want)) == [("127.0.0.1", "80", "172.18.0.2 80"), ("192.0.2.1", "81", "172.18.0.2 81")]


def test_a_range_is_one_element() -> None:
    document = plan(variables({"namespace": "web", "published_ports": ["5000-5010:6000-6010/udp"]}))
    assert dnat(document) == [("", "5000-5010", "172.18.0.2 6000-6010")]


def test_every_published_port_names_the_bridge_and_the_mode() -> None:
    want = dual({"namespace": "web", "published_ports": ["80:80"]}, gateway_mode_ipv6="routed")
    found = elements(plan(want), "dnat")
    assert [(element["out_interface"], element["gateway_mode"]) for element in found] == [
        ("br0", "nat"),
        ("br0", "routed"),
    ]


def test_masquerading_is_for_each_subnet_and_not_for_routed_ones() -> None:
    assert [element["source"] for element in elements(plan(dual()), "masquerade")] == ["172.18.0.0/16", "fd00:18::/64"]
    assert [element["source"] for element in elements(plan(dual(gateway_mode_ipv6="routed")), "masquerade")] == [
        "172.18.0.0/16"
    ]
    assert elements(plan(dual(masquerade=False)), "masquerade") == []
    assert elements(plan(dual(internal=True)), "masquerade") == []


def test_masquerading_as_a_fixed_address() -> None:
    want = dual(masquerade_address="192.0.2.1", masquerade_address_ipv6="2001:db8::1")
    assert [element["to_source"] for element in elements(plan(want), "masquerade")] == ["192.0.2.1", "2001:db8::1"]


def test_the_bridge_is_the_gateway() -> None:
    document = plan(dual("web"))
    assert outside(document)["addresses"] == ["172.18.0.1/16", "fd00:18::1/64"]
    assert inside(document)["routes"] == [
        {"to": "default", "via": "172.18.0.1"},
        {"to": "default", "via": "fd00:18::1"},
    ]


def test_the_gateway_elsewhere() -> None:
    document = plan(variables("web", inhibit_gateway=True))
    assert outside(document)["addresses"] == []
    assert inside(document)["routes"] == [{"to": "default", "via": "172.18.0.1"}]
    assert document["modules"]["ip_forward"] == []


def test_an_internal_network_has_no_way_out() -> None:
    document = plan(dual("web", internal=True))
    assert inside(document)["routes"] == []
    assert document["modules"]["ip_forward"] == []
    assert document["modules"]["bridge_forward"][0]["internal"] is True
    assert outside(document)["addresses"] == ["172.18.0.1/16", "fd00:18::1/64"]


def test_the_two_addresses_of_a_point_to_point_subnet() -> None:
    want = {
        "name": "br0",
        "ipam_config": [{"subnet": "10.0.0.0/31"}, {"subnet": "fd00::/127"}],
        "endpoints": [{"namespace": "web"}],
    }
    document = plan(want)
    assert outside(document)["addresses"] == ["10.0.0.0/31", "fd00::/127"]
    assert addresses(document) == {"web": ["10.0.0.1/31", "fd00::1/127"]}


def test_the_gateway_of_the_subnet_that_the_address_is_in() -> None:
    both = [{"subnet": "172.18.0.0/16"}, {"subnet": "10.0.0.0/24"}]
    document = plan(variables("db", {"namespace": "web", "ipv4_address": "10.0.0.5"}, ipam_config=both))
    assert addresses(document) == {"db": ["172.18.0.2/16"], "web": ["10.0.0.5/24"]}
    assert inside(document)["routes"] == [{"to": "default", "via": "10.0.0.1"}]


def test_isolation_is_told_to_every_port() -> None:
    assert [element["isolated"] for element in plan(variables("a", "b", icc=False))["modules"]["bridge_port"]] == [
        True,
        True,
    ]
    assert [element["isolated"] for element in plan(variables("a", "b"))["modules"]["bridge_port"]] == [False, False]


def test_hairpin_follows_bridge_nf() -> None:
    info = empty_info()
    info["host"]["bridge_nf"]["ipv6"] = True
    assert plan(variables("a"), info)["modules"]["bridge_port"][0]["hairpin"] is False
    assert plan(dual("a"), info)["modules"]["bridge_port"][0]["hairpin"] is True


def test_the_mtu_is_the_default_routes() -> None:
    info = empty_info()
    info["host"]["interfaces"] += [interface("eth0", mtu=1400), interface("eth1", mtu=9000)]
    assert plan(variables("web"), info)["modules"]["bridge"][0]["mtu"] == 1500
    info["host"]["routes"] = [
        route("default", "eth1", via="10.0.0.1", metric=100),
        route("default", "eth0", via="10.0.1.1"),
    ]
    modules = plan(variables("web"), info)["modules"]
    assert (modules["bridge"][0]["mtu"], modules["veth"][0]["mtu"]) == (1400, 1400)
    assert plan(variables("web", mtu="1300"), info)["modules"]["bridge"][0]["mtu"] == 1300


def test_sysctls_go_to_the_namespace_or_to_the_interface() -> None:
    wanted = {"net.core.somaxconn": 1024, "net.ipv4.conf.IFNAME.arp_notify": "1", "net.ipv4.conf.IFNAME.rp_filter": 1}
    document = plan(variables({"namespace": "web", "sysctls": wanted}))
    assert document["modules"]["netns"] == [
        {"name": "web", "state": "present", "sysctls": {**DEAF, "net.core.somaxconn": "1024"}}
    ]
    assert inside(document)["sysctls"] == {
        "net.ipv6.conf.IFNAME.accept_ra": "0",
        "net.ipv6.conf.IFNAME.disable_ipv6": "1",
        "net.ipv4.conf.IFNAME.accept_redirects": "0",
        "net.ipv4.conf.IFNAME.rp_filter": "1",
        "net.ipv4.conf.IFNAME.arp_ignore": "0",
        "net.ipv4.conf.IFNAME.arp_notify": "1",
        "net.ipv4.conf.IFNAME.promote_secondaries": "1",
    }


def test_endpoints_announce_themselves_in_the_families_of_the_network() -> None:
    both = {
        "net.ipv6.conf.IFNAME.accept_ra": "0",
        "net.ipv4.conf.IFNAME.accept_redirects": "0",
        "net.ipv4.conf.IFNAME.rp_filter": "2",
        "net.ipv4.conf.IFNAME.arp_ignore": "0",
        "net.ipv4.conf.IFNAME.arp_notify": "1",
        "net.ipv4.conf.IFNAME.promote_secondaries": "1",
    }
    assert inside(plan(variables("web")))["sysctls"] == {**both, "net.ipv6.conf.IFNAME.disable_ipv6": "1"}
    assert inside(plan(dual("web")))["sysctls"] == {
        **both,
        "net.ipv6.conf.IFNAME.disable_ipv6": "0",
        "net.ipv6.conf.IFNAME.ndisc_notify": "1",
        "net.ipv6.conf.IFNAME.accept_redirects": "0",
    }


@pytest.mark.parametrize(
    ("want", "off"),
    [
        (variables("web"), "1"),
        (dual("web"), "0"),
        (variables({"namespace": "web", "routes": [{"to": "2001:db8::/32"}]}), "0"),
        (variables({"namespace": "web", "sysctls": {"net.ipv6.conf.IFNAME.disable_ipv6": 0}}), "0"),
    ],
)
def test_an_endpoint_has_ipv6_where_the_network_or_a_route_has(want: Info, off: str) -> None:
    document = plan(want)
    assert inside(document)["sysctls"]["net.ipv6.conf.IFNAME.disable_ipv6"] == off
    host_end = next(one for one in elements(document, "interface") if "netns" not in one and one["name"] != "br0")
    assert host_end["sysctls"]["net.ipv6.conf.IFNAME.disable_ipv6"] == "1"


def test_an_attached_namespace_and_a_mac_address() -> None:
    document = plan(
        variables({"namespace": "1234", "pid": "77", "mac_address": "02:00:00:00:00:0A", "host_interface": "veth_host"})
    )
    assert document["modules"]["netns"] == [{"name": "1234", "state": "present", "pid": 77, "sysctls": DEAF}]
    (pair,) = document["modules"]["veth"]
    assert pair.pop("mac_address").startswith("fe:")
    assert [pair] == [
        {
            "name": "veth_host",
            "peer_netns": "1234",
            "peer_name": "eth0",
            "mtu": 1500,
            "state": "present",
            "peer_mac_address": "02:00:00:00:00:0a",
        }
    ]


def test_a_mac_address_that_nobody_chose_is_fixed_for_network_namespace_interface_and_machine() -> None:
    def chosen(info: Info | None = None, **more: t.Any) -> tuple[str, str]:
        (pair,) = elements(plan(variables({"namespace": "web", **more}), info), "veth")
        return pair["mac_address"], pair["peer_mac_address"]

    other = empty_info()
    other["host"]["machine_id"] = "f" * 32
    first = chosen()
    assert chosen() == first
    found = {first, chosen(other), chosen(interface="eth1"), chosen(namespace="db")}
    assert len({mac for pair in found for mac in pair}) == 8
    for host_end, inside in found:
        assert host_end.startswith("fe:")
        assert int(inside[:2], 16) & 3 == 2, "locally administered, unicast"


def test_the_namespace_of_a_container() -> None:
    document = plan(variables({"namespace": "shop", "container": "shop-1"}))
    assert document["modules"]["netns"] == [
        {"name": "shop", "state": "present", "container": "shop-1", "sysctls": DEAF}
    ]


def test_two_interfaces_in_one_namespace() -> None:
    document = plan(variables("web", {"namespace": "web", "interface": "eth1", "default_route": False}))
    assert len(document["modules"]["netns"]) == 1
    assert [endpoint["addresses"] for endpoint in document["endpoints"]] == [["172.18.0.2/16"], ["172.18.0.3/16"]]


def test_further_routes() -> None:
    wanted = [{"to": "10.0.0.0/8", "via": "172.18.0.9", "metric": "5"}, {"to": "192.0.2.0/24", "type": "blackhole"}]
    document = plan(variables({"namespace": "web", "routes": wanted, "default_route": False}))
    assert inside(document)["routes"] == [
        {"to": "10.0.0.0/8", "via": "172.18.0.9", "metric": 5},
        {"to": "192.0.2.0/24", "type": "blackhole"},
    ]


def test_the_bridge_goes_up_last() -> None:
    assert plan(variables("web"))["modules"]["interface"][-1]["name"] == "br0"


def _port(document: Info, number: int = 0) -> Info:
    return elements(document, "bridge_port")[number]


def test_an_endpoint_is_guarded_unless_it_speaks_for_others() -> None:
    document = plan(dual("web", {"namespace": "vms", "guard": False}))
    web, vms = (pair["peer_mac_address"] for pair in elements(document, "veth"))
    guarded = {"learning": False, "locked": True, "flood": False, "fdb": [web]}
    assert _port(document).items() >= guarded.items()
    assert _port(document, 1).items() >= {"learning": True, "locked": False, "flood": True, "fdb": []}.items()
    bridge = next(element for element in document["modules"]["interface"] if element["name"] == "br0")
    known = [{"address": address, "mac_address": web} for address in ("172.18.0.2", "fd00:18::2", str(link_local(web)))]
    assert (bridge["neighbours"], bridge["purge_neighbours"]) == (known, True)
    (forward,) = document["modules"]["bridge_forward"]
    own = forward["neighbours"][0]["mac_address"]
    gateways = [{"address": address, "mac_address": own} for address in ("172.18.0.1", "fd00:18::1")]
    on_the_link = {"address": str(link_local(own)), "mac_address": own}
    assert forward["neighbours"] == in_order([*gateways, *known, on_the_link])
    assert inside(document)["neighbours"] == gateways
    assert "neighbours" not in inside(document, "vms")
    assert own not in (web, vms)


def test_a_namespace_with_two_ends_speaks_from_both_of_its_mac_addresses() -> None:
    document = plan(variables("web", {"namespace": "web", "interface": "eth1", "default_route": False}))
    both = [pair["peer_mac_address"] for pair in elements(document, "veth")]
    (forward,) = document["modules"]["bridge_forward"]
    of_first = [one["mac_address"] for one in forward["neighbours"] if one["address"] == "172.18.0.2"]
    assert of_first == both


def test_where_the_host_is_not_the_router_it_does_not_judge_what_another_one_sends_on() -> None:
    document = plan(variables("web", inhibit_gateway=True))
    (forward,) = document["modules"]["bridge_forward"]
    assert forward["neighbours"] == []
    assert "neighbours" not in inside(document)
    assert _port(document)["locked"]


def test_who_is_guarded_believes_no_redirects() -> None:
    document = plan(dual("web", {"namespace": "vms", "guard": False}))
    namespaces = {one["name"]: one for one in elements(document, "netns")}
    assert namespaces["web"]["sysctls"] == DEAF
    assert "sysctls" not in namespaces["vms"]
    believing = {"namespace": "web", "sysctls": {"net.ipv4.conf.all.accept_redirects": 1}}
    (found,) = elements(plan(variables(believing)), "netns")
    assert found["sysctls"] == {"net.ipv4.conf.all.accept_redirects": "1"}


def test_where_endpoints_are_added_the_others_stay_guarded() -> None:
    document = plan(variables("web", appends=True))
    bridge = next(element for element in document["modules"]["interface"] if element["name"] == "br0")
    assert bridge["purge_neighbours"] is False
    assert document["modules"]["bridge_forward"][0]["purge_neighbours"] is False


def test_what_limits_an_endpoint_that_stays_is_left_alone_by_managers_as_well() -> None:
    limited = {"egress_rate": "5mbit"}
    first = plan(variables({"namespace": "web", **limited}, {"namespace": "db", **limited}))
    (whole,) = elements(first, "unmanaged_links")
    host = after(empty_info(), first)
    # Nothing managed links when the network was built.
    host["host"]["unmanaged_links"] = {}
    for listed in ((), ({"namespace": "db", **limited},)):
        (added,) = elements(plan(variables(*listed, appends=True), host), "unmanaged_links")
        assert added["interfaces"] == whole["interfaces"]
    (freed,) = elements(plan(variables("db", appends=True), host), "unmanaged_links")
    ends = {one["peer_netns"]: one["name"] for one in elements(first, "veth")}
    assert set(whole["interfaces"]) - set(freed["interfaces"]) == {names.limiting_device(ends["db"])}


def test_what_a_wire_takes_from_endpoints_is_told() -> None:
    info = empty_info()
    info["host"]["interfaces"].append(interface("eth1"))
    told = [line for line in plan(variables("web", ports=["eth1"]), info)["warnings"] if "VLAN" in line]
    assert told == []
    told = plan(variables({"namespace": "web", "guard": False}, "db", ports=["eth1"]), info)["warnings"]
    assert ["eth1: what web sends" in line for line in told] == [True]
    info["host"]["firewalls"] = ["iptables"]
    told = plan(variables("web", ports=["eth1"]), info)["warnings"]
    assert ["eth1" in line and "install nftables" in line for line in told] == [True]
    assert not plan(variables(ports=["eth1"]), info)["warnings"], "without endpoints it is the user's bridge"


@pytest.mark.parametrize(("installed", "firewall"), [(["iptables", "nftables"], None), (["nftables"], "nftables")])
def test_the_service_gets_the_firewall_that_auto_chose(installed: list[str], firewall: str | None) -> None:
    info = empty_info()
    info["host"]["firewalls"] = installed
    for persistent in (True, False):
        want = variables({"namespace": "web", "published_ports": ["8080:80"]}, persistent=persistent)
        document = plan(want, info)
        for kind in ("bridge_forward", "masquerade", "dnat"):
            named = {element.get("firewall") for element in elements(document, kind)}
            assert named == {firewall if persistent else None}
