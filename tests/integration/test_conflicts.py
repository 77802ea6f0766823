# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conflicts with what a host already has, or gets while a network exists, on a real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.integration.networks import SHOP, apply, in_one, plan, remove
from tests.integration.promises import converge, refused
from tests.integration.settling import settle
from tests.lab.host import Host


@pytest.mark.parametrize(
    "route",
    [
        "blackhole 172.18.0.0/16",
        "unreachable 172.18.0.0/26",
        "prohibit 172.18.0.2",
        "throw 172.18.0.0/24",
        "blackhole fd00:18::/80",
        "unreachable fd00:18::/64 metric 200",
    ],
)
def test_a_route_that_leads_nowhere_is_refused(host: Host, route: str) -> None:
    host.sh(f"ip {'-6 ' if ':' in route else ''}route add {route}")
    before = host.dump()
    with pytest.raises(Refused, match="which leads nowhere"):
        apply(host, **SHOP)
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize("route", ["blackhole 172.16.0.0/12", "unreachable fd00:18::/64 metric 1024"])
def test_a_route_that_is_not_in_the_way_is_none_of_ours(host: Host, route: str) -> None:
    host.sh(f"ip {'-6 ' if ':' in route else ''}route add {route}")
    apply(host, **SHOP)
    for address in ("172.18.0.1", "fd00:18::1"):
        assert host.inside("web").reaches(address)
    assert host.reaches("fd00:18::2")
    assert apply(host, **SHOP).changed == []


@pytest.mark.long
def test_a_vpn_that_comes_while_the_network_stands(host: Host) -> None:
    apply(host, **SHOP)
    host.sh("ip link add vpn0 type bridge; ip address add 172.18.9.1/24 dev vpn0; ip link set vpn0 up")
    endpoints = [*SHOP["endpoints"], {"namespace": "app"}]
    applied = apply(host, **{**SHOP, "endpoints": endpoints})
    assert any(
        "overlaps 172.18.9.0/24, the network of the host's interface vpn0" in one for one in applied.plan["warnings"]
    )
    assert host.inside("app").reaches("172.18.0.1")


@pytest.mark.parametrize(
    "flush", ["true", "for t in raw mangle nat filter; do iptables -t $t -F; done", "ip address flush dev br-shop"]
)
@pytest.mark.parametrize("gateway", ["own", "nobody's", "external"])
@pytest.mark.long
def test_a_narrower_route_that_comes_while_the_network_stands(host: Host, gateway: str, flush: str) -> None:
    """Even if the bridge's addresses do not show whose subnet it is."""
    subnet = {"subnet": "172.18.0.0/24"}
    want: dict[str, Any] = {"name": "br-shop", "ipam_config": [subnet], "endpoints": [{"namespace": "web"}]}
    if gateway == "nobody's":
        want["inhibit_gateway"] = True
    if gateway == "external":
        host.sh("ip link add br-shop type bridge; ip link set br-shop up")
        subnet.update(iprange="172.18.0.16/28", gateway="172.18.0.1")
        want["external"] = True
    apply(host, **want)
    host.sh(f"ip link add vpn0 type bridge; ip link set vpn0 up; ip route add 172.18.0.64/26 dev vpn0; {flush}")
    applied = apply(host, **want)
    assert any("overlaps 172.18.0.64/26, which the host has a route to" in one for one in applied.plan["warnings"])
    settle(host, *host.sh("ls /run/netns").split())
    before = host.dump()
    for other in ({"subnet": "172.18.0.0/23"}, {"subnet": "172.18.0.0/25"}):
        with pytest.raises(Refused, match="overlaps 172.18.0.64/26"):
            apply(host, **{**want, "ipam_config": [{**subnet, **other}]})
    assert before.changes_to(host.dump()) == []


@pytest.mark.long
def test_a_bridge_port_of_another_kind_with_our_mark(host: Host) -> None:
    apply(host, **SHOP)
    host.sh("ip link add odd0 type vxlan id 7 dstport 4789")
    host.sh("ip link set odd0 alias linuxnet:br-shop:web")
    assert apply(host, **SHOP).changed == []
    assert "odd0: has the mark" in str(plan(host, SHOP)["warnings"])
    remove(host)
    assert "odd0" in host.sh("ip -o link")


KINDS = [
    "type vxlan id 7 dstport 4789",
    "link card0 type macvlan mode bridge",
]


def _odd(host: Host, kind: str) -> None:
    """An interface odd0 with the network's mark, of a kind that no module creates."""
    host.sh(f"ip link add card0 type veth peer card1; ip link set card0 up; ip link add name odd0 {kind}")
    host.sh("ip link set odd0 alias linuxnet:br-shop:web")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_a_stranger_with_our_mark_on_the_bridge_is_left_there(host: Host, kind: str) -> None:
    apply(host, **SHOP)
    _odd(host, kind)
    host.sh("ip link set odd0 master br-shop")
    settle(host, "web", "db")
    before = host.dump()
    applied = apply(host, **SHOP)
    assert applied.changed == []
    assert before.changes_to(host.dump()) == []
    assert "odd0: has the mark" in str(applied.plan["warnings"])
    remove(host)
    assert "odd0" in host.sh("ip -o link")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_a_stranger_with_our_mark_becomes_a_port_and_is_given_back(host: Host, kind: str) -> None:
    _odd(host, kind)
    applied = apply(host, **SHOP, ports=["odd0"])
    assert "odd0: has the mark" not in str(applied.plan["warnings"])
    assert host.ip("link", "show", "odd0")[0]["master"] == "br-shop"
    assert apply(host, **SHOP, ports=["odd0"]).changed == []
    assert apply(host, **SHOP).changed == ["bridge_port"]
    left = host.ip("link", "show", "odd0")[0]
    assert "master" not in left
    assert left["ifalias"] == "linuxnet:br-shop:web"
    apply(host, **SHOP, ports=["odd0"])
    remove(host)
    assert "master" not in host.ip("link", "show", "odd0")[0]


@pytest.mark.parametrize("owner", ["default", "other"])
@pytest.mark.long
def test_a_link_that_the_modules_made_becomes_a_port_and_is_given_back(host: Host, owner: str) -> None:
    made = {"name": "uplink", "peer_name": "eth0", "peer_netns": "router", "owner": owner}
    host.module("netns", {"name": "router"})
    host.module("veth", made)
    before = host.ip("link", "show", "uplink")[0]["ifalias"]
    apply(host, **SHOP, ports=["uplink"])
    assert host.ip("link", "show", "uplink")[0]["master"] == "br-shop"
    assert apply(host, **SHOP, ports=["uplink"]).changed == []
    assert not host.module("veth", made)["changed"]
    host.sh("ip link set uplink nomaster")
    assert apply(host, **SHOP, ports=["uplink"]).changed == ["bridge_port"]
    remove(host)
    left = host.ip("link", "show", "uplink")[0]
    assert "master" not in left
    assert left["ifalias"] == before


@pytest.mark.parametrize(
    "variables",
    [
        {"trusted_interfaces": ["enp0s25"]},
        {"ports": ["enp0s25"]},
        {"name": "enp0s25"},
        {"endpoints": [{"namespace": "web", "host_interface": "enp0s25"}]},
    ],
)
def test_an_alternative_name_is_refused_with_the_real_one(host: Host, variables: dict[str, Any]) -> None:
    host.sh("ip link add card0 type bridge; ip link property add dev card0 altname enp0s25")
    before = host.dump()
    with pytest.raises(Refused, match="'enp0s25' is an alternative name of the host's interface card0"):
        apply(host, **{**SHOP, **variables})
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("masquerade", {"source": "172.18.0.0/16", "out_interface": "enp0s25"}),
        ("masquerade", {"source": "172.18.0.0/16", "out_interface": "!enp0s25"}),
        ("dnat", {"host_port": "80", "to_address": "172.18.0.2", "in_interface": "!enp0s25"}),
        ("dnat", {"host_port": "80", "to_address": "172.18.0.2", "out_interface": "enp0s25"}),
        ("bridge_forward", {"bridge": "br0", "subnets": ["172.18.0.0/16"], "trusted_interfaces": ["enp0s25"]}),
        ("bridge_forward", {"bridge": "enp0s25", "subnets": ["172.18.0.0/16"]}),
        (
            "bridge_forward",
            {
                "bridge": "br0",
                "subnets": ["172.18.0.0/16"],
                "answers_by": [{"interface": "enp0s25", "addresses": ["172.18.0.2"]}],
            },
        ),
    ],
)
def test_rules_for_an_alternative_name_are_refused(host: Host, module: str, options: dict[str, Any]) -> None:
    host.sh("ip link add br0 type bridge; ip link add card0 type bridge")
    host.sh("ip link property add dev card0 altname enp0s25")
    refused(host, module, options, "'enp0s25' is an alternative name of interface card0, which no rule would match")


@pytest.mark.parametrize("netns", [None, "web"])
@pytest.mark.parametrize(
    ("module", "option", "options"),
    [
        ("bridge", "name", {"name": "enp0s25"}),
        ("veth", "name", {"name": "enp0s25", "peer_name": "other0"}),
        ("veth", "peer_name", {"name": "other0", "peer_name": "enp0s25"}),
        ("bridge_port", "interface", {"interface": "enp0s25", "bridge": "br0"}),
        ("bridge_port", "bridge", {"interface": "port0", "bridge": "enp0s25"}),
        ("interface", "name", {"name": "enp0s25", "addresses": ["192.0.2.1/24"]}),
    ],
)
def test_a_link_by_an_alternative_name_is_refused(
    host: Host, module: str, option: str, options: dict[str, Any], netns: str | None
) -> None:
    host.sh("ip netns add web")
    place = host.inside(netns) if netns else host
    place.sh("ip link add br0 type bridge; ip link add card0 type bridge; ip link add port0 type veth peer name port1")
    place.sh("ip link property add dev card0 altname enp0s25")
    given = {**options, "netns": netns, **({"peer_netns": netns} if module == "veth" else {})}
    refused(host, module, given, f"{option}: 'enp0s25' is an alternative name of interface card0; use card0")


@pytest.mark.parametrize("netns", [None, "web"])
@pytest.mark.parametrize(
    ("module", "option", "options"),
    [
        ("bridge", "name", {"name": "enp0s25"}),
        ("veth", "name", {"name": "enp0s25"}),
        ("veth", "name", {"name": "enp0s25", "peer_name": "other0"}),
        ("bridge_port", "interface", {"interface": "enp0s25", "bridge": "br0"}),
        ("bridge_port", "bridge", {"interface": "port0", "bridge": "enp0s25"}),
        ("interface", "name", {"name": "enp0s25", "addresses": ["192.0.2.1/24"]}),
        ("masquerade", "out_interface", {"source": "172.18.0.0/16", "out_interface": "enp0s25"}),
        ("bridge_forward", "bridge", {"bridge": "enp0s25"}),
    ],
)
def test_what_is_to_be_absent_by_an_alternative_name_is_refused(
    host: Host, module: str, option: str, options: dict[str, Any], netns: str | None
) -> None:
    """It exists, and would be removed by its real name."""
    host.sh("ip netns add web")
    place = host.inside(netns) if netns else host
    place.sh("ip link add br0 type bridge; ip link add card0 type bridge; ip link add port0 type veth peer name port1")
    place.sh("ip link property add dev card0 altname enp0s25; ip address add 192.0.2.1/24 dev card0")
    given = {**options, "netns": netns, "state": "absent"}
    refused(host, module, given, f"{option}: 'enp0s25' is an alternative name of interface card0")


def test_rules_that_are_there_by_an_alternative_name_go_by_it(host: Host) -> None:
    """The name became an alternative one after they were written."""
    masquerade = {"source": "172.18.0.0/16", "out_interface": "enp0s25"}
    forward = {"bridge": "enp0s25", "subnets": ["172.18.0.0/16"]}
    before = host.dump()
    host.module("masquerade", masquerade)
    host.module("bridge_forward", forward)
    host.sh("ip link add card0 type bridge; ip link property add dev card0 altname enp0s25")
    assert host.module("masquerade", {**masquerade, "state": "absent"})["changed"]
    assert host.module("bridge_forward", {"bridge": "enp0s25", "state": "absent"})["changed"]
    host.sh("ip link del card0")
    assert before.changes_to(host.dump()) == []


def test_a_pair_goes_by_an_alternative_name_of_its_other_end(host: Host) -> None:
    """Root in the namespace may rename it and keep the old name as an alternative one."""
    host.sh("ip netns add web")
    pair = {"name": "v0", "peer_name": "eth0", "peer_netns": "web"}
    host.module("veth", pair)
    host.sh("ip link set v0 name v1; ip -n web link set eth0 name eth9")
    host.sh("ip -n web link property add dev eth9 altname eth0")
    converge(host, "veth", {**pair, "state": "absent"})
    assert "v1" not in host.sh("ip -o link")


@pytest.mark.parametrize("netns", [None, "web"])
@pytest.mark.parametrize("state", ["enabled", "disabled"])
def test_forwarding_by_an_alternative_name_is_refused(host: Host, state: str, netns: str | None) -> None:
    host.sh("ip netns add web")
    place = host.inside(netns) if netns else host
    place.sh("ip link add card0 type bridge; ip link property add dev card0 altname enp0s25")
    given = {"interface": "enp0s25", "state": state, "netns": netns}
    refused(host, "ip_forward", given, "interface: 'enp0s25' is an alternative name of interface card0; use card0")


def test_a_trusted_interface_that_is_not_there_is_told(host: Host) -> None:
    (warning,) = apply(host, **SHOP, trusted_interfaces=["wg0"]).plan["warnings"]
    assert warning == "bridge_network_trusted_interfaces[0]: there is no interface 'wg0' on the host now"


def test_what_the_role_says_its_modules_do_not_repeat(host: Host) -> None:
    want = {**SHOP, "trusted_interfaces": ["wg0"], "masquerade_address": "192.0.2.77"}
    for done in (in_one(host, want, check=True), in_one(host, want)):
        assert [len([line for line in done["warnings"] if word in line]) for word in ("wg0", "192.0.2.77")] == [1, 1]


def test_a_source_address_that_the_host_has_not_is_told(host: Host) -> None:
    (warning,) = apply(host, **SHOP, masquerade_address="192.0.2.77").plan["warnings"]
    assert warning.startswith("bridge_network_masquerade_address: the host has no address 192.0.2.77 now")
    host.sh("ip address add 192.0.2.77/32 dev lo")
    assert plan(host, {**SHOP, "masquerade_address": "192.0.2.77"})["warnings"] == []


@pytest.mark.parametrize(
    ("second", "what"), [({}, "one interface 'eth0'"), ({"interface": "eth1"}, "one default route")]
)
def test_two_names_of_one_namespace_are_refused(host: Host, second: dict[str, Any], what: str) -> None:
    host.sh("ip netns add one; touch /run/netns/two; mount --bind /run/netns/one /run/netns/two")
    before = host.dump()
    endpoints = [{"namespace": "one"}, {"namespace": "two", **second}]
    for check in (True, False):
        with pytest.raises(Refused, match=f"'two' is the same namespace as 'one' of .*, which can have only {what}"):
            apply(host, check=check, **{**SHOP, "endpoints": endpoints})
    assert before.changes_to(host.dump()) == []
    apply(
        host, **{**SHOP, "endpoints": [endpoints[0], {"namespace": "two", "interface": "eth1", "default_route": False}]}
    )


@pytest.mark.parametrize("check", [True, False])
def test_settings_that_cannot_be_written_are_found_before_the_first_change(host: Host, check: bool) -> None:
    host.sh("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys")
    before = host.dump()
    with pytest.raises(Refused, match="br-shop: /proc/sys/net is mounted read-only on this host"):
        apply(host, check=check, **SHOP)
    assert before.changes_to(host.dump()) == []


_READ_ONLY = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys"


@pytest.mark.parametrize(
    ("damage", "setting"),
    [
        ("sysctl -w net.ipv4.conf.br-shop.rp_filter=1", "net.ipv4.conf.br-shop.rp_filter is to be 2"),
        ("sysctl -w net.ipv6.conf.br-shop.accept_ra=1", "net.ipv6.conf.br-shop.accept_ra is to be 0"),
        ("sysctl -w net.ipv4.conf.br-shop.route_localnet=0", "net.ipv4.conf.br-shop.route_localnet is to be 1"),
        ("sysctl -w net.ipv4.ip_forward=0", "forwarding is to be 1"),
    ],
)
def test_a_setting_that_somebody_changed_and_nobody_can_write_is_found_before_a_change(
    host: Host, damage: str, setting: str
) -> None:
    apply(host, **SHOP)
    host.sh(f"{damage}; ip link set br-shop mtu 1400; iptables -t nat -F; {_READ_ONLY}")
    before = host.dump()
    for check in (True, False):
        message = in_one(host, SHOP, check=check, fails=True)["msg"]
        assert f"{setting}, but /proc/sys/net is mounted read-only on this host" in message
    assert before.changes_to(host.dump()) == []


def test_a_setting_inside_that_nobody_can_write_costs_that_endpoint_alone(host: Host) -> None:
    apply(host, **SHOP)
    host.sh(f"ip netns exec web sysctl -w net.ipv6.conf.eth0.accept_ra=1; iptables -t nat -F; {_READ_ONLY}")
    told = [in_one(host, SHOP, check=check, fails=True) for check in (True, False)]
    sentence = "net.ipv6.conf.eth0.accept_ra in namespace web is to be 0, but /proc/sys/net is mounted read-only"
    assert [[sentence in failure for failure in one["failures"]] for one in told] == [[True], [True]]
    assert told[0]["diff"] == told[1]["diff"]
    assert "MASQUERADE" in host.sh("iptables-save -t nat")


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("bridge", {"name": "br1"}),
        ("interface", {"name": "br0", "sysctls": {"net.ipv4.conf.IFNAME.rp_filter": "2"}}),
        ("interface", {"name": "br0", "addresses": ["192.0.2.2/24"], "purge_addresses": True}),
        ("netns", {"name": "web", "sysctls": {"net.ipv4.ip_unprivileged_port_start": 0}}),
        ("ip_forward", {}),
        ("dnat", {"host_port": "80", "to_address": "192.0.2.2", "out_interface": "br0"}),
        ("bridge_forward", {"bridge": "br0", "subnets": ["192.0.2.0/24", "fd00:2::/64"]}),
    ],
)
def test_the_modules_find_a_setting_that_nobody_can_write_too(host: Host, module: str, options: dict[str, Any]) -> None:
    host.sh("ip link add br0 type bridge; ip netns add web")
    host.sh("ip address add 192.0.2.1/24 dev br0; ip address add 192.0.2.2/24 dev br0; ip link set br0 up")
    host.sh(_READ_ONLY)
    refused(host, module, options, "but /proc/sys/net is mounted read-only on this host; mount it writable")


@pytest.mark.parametrize(
    ("module", "setting", "values", "other"),
    [
        ("netns", "net.ipv4.ip_local_reserved_ports", ["8080,8081", "8081,8080", "0x1f90-8081"], "8080-8082"),
        ("netns", "net.ipv4.ip_local_port_range", ["40000 0xc350"], "40000 50001"),
        ("netns", "net.ipv4.ip_default_ttl", ["0101", "0x41"], "101"),
        ("interface", "net.ipv4.conf.IFNAME.proxy_arp", ["01", "0x1"], "2"),
        ("interface", "net.ipv6.conf.IFNAME.stable_secret", ["fd00::1"], "fd00::2"),
    ],
)
def test_a_setting_that_differs_by_its_form_alone_needs_no_writing(
    host: Host, module: str, setting: str, values: list[str], other: str
) -> None:
    host.sh("ip netns add web; ip link add br0 type bridge; ip link set br0 up")
    name = "web" if module == "netns" else "br0"

    def options(value: str) -> dict[str, Any]:
        return {"name": name, "sysctls": {setting: value}}

    for value in values:
        host.module(module, options(value))
        host.sh(_READ_ONLY)
        for same in values:
            for check in (True, False):
                assert not host.module(module, options(same), check=check)["changed"], same
        refused(host, module, options(other), f"is to be {other}, but /proc/sys/net is mounted read-only on this host")
        host.sh("umount /proc/sys")


def test_settings_that_cannot_be_written_do_not_matter_where_they_are_right(host: Host) -> None:
    apply(host, **SHOP)
    host.sh("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys")
    assert apply(host, **SHOP).changed == []
    endpoints = [*SHOP["endpoints"], {"namespace": "app"}]
    with pytest.raises(Refused, match="/proc/sys/net is mounted read-only"):
        apply(host, **{**SHOP, "endpoints": endpoints})
