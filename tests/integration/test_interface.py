# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module interface, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.promises import refused, repairs
from tests.integration.settling import converge_settled, settle
from tests.lab.host import Host

EVERYTHING: dict[str, Any] = {
    "name": "eth0",
    "netns": "web",
    "mtu": 1400,
    "mac_address": "02:00:00:00:00:02",
    "addresses": ["10.0.0.2/24", "10.0.0.3/24", "fd00::2/64"],
    "routes": [
        {"to": "default", "via": "10.0.0.1"},
        {"to": "::/0", "via": "fd00::1"},
        {"to": "10.9.0.0/16", "type": "blackhole"},
        {"to": "fd09::/64", "type": "prohibit", "table": "100"},
        {"to": "10.8.0.0/16", "via": "10.77.0.1", "on_link": True, "src": "10.0.0.2", "metric": 5},
        {"to": "10.7.0.0/16", "table": "100"},
    ],
    "sysctls": {"net.ipv4.conf.IFNAME.rp_filter": 2, "net.ipv6.conf.IFNAME.accept_ra": "0"},
}


@pytest.fixture
def web(host: Host) -> Host:
    """A host with the namespace web, whose eth0 leads to the host's vweb, which is up.

    Duplicate address detection is off, since it would take a second each time.
    """
    host.module("netns", {"name": "web"})
    for place in (host, host.inside("web")):
        place.sh("sysctl -qw net.ipv6.conf.default.accept_dad=0")
    host.module("veth", {"name": "vweb", "peer_name": "eth0", "peer_netns": "web"})
    host.sh("ip link set vweb up")
    return host


def _addresses(host: Host, netns: str = "web", name: str = "eth0") -> list[str]:
    shown = host.ip("-n", netns, "addr", "show", name)[0]["addr_info"]
    return [f"{one['local']}/{one['prefixlen']}" for one in shown if one["scope"] == "global"]


def _converge(web: Host, options: dict[str, Any], changed: bool = True) -> dict[str, Any]:
    return converge_settled(web, options, "web", changed=changed)


def _routes(host: Host, *more: str) -> str:
    families = ("-4", "-6")
    return "".join(
        host.run(["ip", family, "-n", "web", "route", "show", *more], check=False).out for family in families
    )


def test_everything(web: Host) -> None:
    _converge(web, EVERYTHING)
    assert _addresses(web) == ["10.0.0.2/24", "10.0.0.3/24", "fd00::2/64"]
    routes = _routes(web)
    for line in (
        "default via 10.0.0.1 dev eth0 proto static",
        "10.8.0.0/16 via 10.77.0.1 dev eth0 proto static src 10.0.0.2 metric 5 onlink",
        "blackhole 10.9.0.0/16 proto static",
        "default via fd00::1 dev eth0 proto static metric 1024",
    ):
        assert line in routes
    assert "10.7.0.0/16 dev eth0 proto static scope link" in _routes(web, "table", "100")


def test_ipv6_addresses_are_usable_at_once(web: Host) -> None:
    web.module("interface", EVERYTHING)
    assert "tentative" not in web.sh("ip -n web -6 addr show eth0 scope global")
    assert "nodad" in web.sh("ip -n web -6 addr show eth0 scope global")


@pytest.mark.parametrize(
    "damage",
    [
        "ip link set eth0 mtu 1300",
        "ip link set eth0 address 02:00:00:00:00:07",
        "ip addr del 10.0.0.3/24 dev eth0",
        "ip addr del fd00::2/64 dev eth0",
        "ip addr add 10.0.0.2/16 dev eth0",
        "ip addr del fd00::2/64 dev eth0; ip addr add fd00::2/48 dev eth0 nodad",
        "ip route del default",
        "ip route replace default via 10.0.0.9",
        "ip route append default via 10.0.0.9",
        "ip -6 route del default",
        "ip -6 route replace default via fd00::9",
        "ip route del 10.9.0.0/16",
        "ip route replace 10.9.0.0/16 via 10.0.0.9 proto static",
        "ip -6 route del prohibit fd09::/64 table 100",
        "ip -6 route del prohibit fd09::/64 table 100; ip -6 route add fd09::/64 via fd00::9 table 100",
        "ip -6 route del prohibit fd09::/64 table 100; ip -6 route add blackhole fd09::/64 table 100",
        "ip route replace 10.8.0.0/16 via 10.0.0.9 metric 5",
        "ip route replace 10.8.0.0/16 via 10.77.0.1 dev eth0 onlink metric 5",
        "ip route del 10.7.0.0/16 table 100",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=0",
        "sysctl -qw net.ipv6.conf.eth0.accept_ra=1",
        "ip route del 10.0.0.0/24 dev eth0",
        "ip route flush table main",
        "ip route replace 10.0.0.0/24 via 10.0.0.9 dev eth0 onlink",
        "ip -6 route del fd00::/64 dev eth0",
        "ip -6 route flush table main",
        "ip link set eth0 arp off",
    ],
)
def test_drift_is_repaired(web: Host, damage: str) -> None:
    web.module("interface", EVERYTHING)
    settle(web, "web")
    repairs(web, "interface", EVERYTHING, damage, "web")


_WITHOUT_BROADCAST = """
ip addr del 10.0.0.3/24 dev eth0; ip addr del 10.0.0.2/24 dev eth0
ip addr add 10.0.0.2/24 dev eth0; ip addr add 10.0.0.3/24 dev eth0
ip route add default via 10.0.0.1 proto static; ip route add 10.7.0.0/16 dev eth0 table 100 proto static
ip route add 10.8.0.0/16 via 10.77.0.1 dev eth0 onlink src 10.0.0.2 metric 5 proto static
"""


@pytest.mark.parametrize(
    "damage",
    [
        "ip route del local 10.0.0.2 dev eth0 table local; ip route del local 10.0.0.3 dev eth0 table local",
        "ip route del broadcast 10.0.0.255 dev eth0 table local",
        "ip -6 route del local fd00::2 dev eth0 table local",
        "ip -6 route del multicast ff00::/8 dev eth0 table local",
        "ip -6 addr flush dev eth0 scope link",
        "ip -6 route del local $(ip -6 -br addr show eth0 scope link | grep -o 'fe80[^/]*') dev eth0 table local",
        "ip addr del 10.0.0.3/24 dev eth0; ip addr add 10.0.0.3/24 dev eth0",
        "ip addr del 10.0.0.3/24 dev eth0; ip addr add 10.0.0.3/24 brd 10.0.0.7 dev eth0",
        _WITHOUT_BROADCAST,
    ],
)
def test_what_the_kernel_gives_with_an_address_comes_back(web: Host, damage: str) -> None:
    web.module("interface", EVERYTHING)
    settle(web, "web")
    healthy = _own(web)
    web.inside("web").sh(damage)
    assert _own(web) != healthy
    done = _converge(web, EVERYTHING)
    assert _own(web) == healthy
    assert done["diff"][0]["before"]["routes"] == done["diff"][0]["after"]["routes"], "no other route is touched"


def test_an_address_without_a_route_to_its_subnet_stays_without(web: Host) -> None:
    """Somebody wanted it so: with noprefixroute others say what is reached by the interface."""
    options = {"netns": "web", "name": "eth0", "addresses": ["10.0.0.2/24", "fd00::2/64"]}
    web.module("interface", {**options, "addresses": []})
    settle(web, "web")
    web.inside("web").sh("ip -6 addr flush dev eth0 scope link")
    for address in ("10.0.0.2/24 brd +", "fd00::2/64 nodad", "fe80::5/64 nodad"):
        web.inside("web").sh(f"ip addr add {address} dev eth0 noprefixroute")
    settle(web, "web")
    before = _own(web)
    assert web.module("interface", options)["changed"] is False
    assert _own(web) == before
    web.inside("web").sh("ip route del local 10.0.0.2 dev eth0 table local")
    assert _converge(web, options)
    assert _own(web) == before


@pytest.mark.long
def test_an_address_that_is_given_anew_stays_without_a_route_to_its_subnet(web: Host) -> None:
    """The broadcast address is missing of the one, and the host does not hear the other."""
    options = {"netns": "web", "name": "eth0", "addresses": ["10.0.0.2/24", "fd00::2/64"]}
    web.module("interface", {**options, "addresses": []})
    settle(web, "web")
    web.inside("web").sh(
        "ip addr add 10.0.0.2/24 dev eth0 noprefixroute; ip addr add fd00::2/64 dev eth0 nodad noprefixroute"
    )
    settle(web, "web")
    web.inside("web").sh("ip route del local fd00::2 dev eth0 table local")
    _converge(web, options)
    shown = web.inside("web").sh("ip addr show dev eth0")
    assert shown.count("noprefixroute") == 2
    assert "brd 10.0.0.255 scope global noprefixroute" in shown
    routes = web.inside("web").sh("ip route show dev eth0; ip -6 route show dev eth0")
    assert "10.0.0.0/24" not in routes
    assert "fd00::/64" not in routes
    assert web.inside("web").sh("ip route show dev eth0 table local; ip -6 route show table local").count("::2 ") == 1


def test_what_the_kernel_is_late_with_is_not_lost(web: Host) -> None:
    web.module("interface", EVERYTHING)
    settle(web, "web")
    web.inside("web").sh("ip -6 route del local fd00::2 dev eth0 table local")
    late = web.inside("web").popen(
        ["sh", "-c", "sleep 0.4; ip -6 route add local fd00::2 dev eth0 table local proto kernel metric 0"]
    )
    assert web.module("interface", EVERYTHING)["changed"] is False
    assert late.wait() == 0, "it was lost indeed and has been put back"


def _own(host: Host) -> list[str]:
    """All addresses with their broadcast addresses, and all routes."""
    lines = host.sh("ip -n web -o addr show dev eth0").splitlines() + _routes(host, "table", "all").splitlines()
    shown = (
        line.replace(" nodad", "").replace(" proto kernel_ll", "").split("\\")[0].rstrip()
        for line in lines
        if "anycast" not in line
    )
    return sorted(shown)


@pytest.mark.parametrize(
    "damage", ["ip link set eth0 down", "ip addr flush dev eth0", "ip addr del 10.0.0.2/24 dev eth0"]
)
def test_what_goes_with_a_down_link_or_a_first_address_comes_back(web: Host, damage: str) -> None:
    web.module("interface", EVERYTHING)
    settle(web, "web")
    healthy = sorted(_routes(web, "table", "all").splitlines())
    web.inside("web").sh(damage)
    settle(web, "web")
    _converge(web, EVERYTHING)
    settle(web, "web")
    assert sorted(_addresses(web)) == ["10.0.0.2/24", "10.0.0.3/24", "fd00::2/64"]
    wanted = [line for line in healthy if "proto static" in line]
    assert [line for line in sorted(_routes(web, "table", "all").splitlines()) if "proto static" in line] == wanted


@pytest.mark.long
def test_what_is_not_listed_stays_unless_purged(web: Host) -> None:
    web.module("interface", EVERYTHING)
    web.inside("web").sh(
        "ip addr add 10.0.1.1/24 dev eth0; ip addr add fd77::1/64 dev eth0 nodad;"
        "ip addr add 10.0.2.1/24 dev eth0 valid_lft 1000 preferred_lft 1000; ip route add 1.2.3.4 via 10.0.0.7;"
        "ip route add 1.2.3.5 via 10.0.0.7 proto dhcp; ip route add 1.2.3.6 via 10.0.0.7 proto bird;"
        "ip -6 route add fd55::/64 via fd00::5; ip -6 route add fd56::/64 via fd00::5 proto ra;"
        "ip route add blackhole 1.2.3.7"
    )
    settle(web, "web")
    _converge(web, EVERYTHING, changed=False)
    done = _converge(web, {**EVERYTHING, "purge_addresses": True, "purge_routes": True})
    assert "fd77::1/64" in done["diff"][0]["before"]["addresses"]
    assert _addresses(web) == ["10.0.0.2/24", "10.0.2.1/24", "10.0.0.3/24", "fd00::2/64"]
    routes = _routes(web)
    assert all(kept in routes for kept in ("1.2.3.5", "1.2.3.6", "1.2.3.7", "fd56::/64", "fe80::/64"))
    assert not any(gone in routes for gone in ("1.2.3.4", "fd55::/64"))


def test_purging_the_first_address_keeps_the_second_and_its_routes(web: Host) -> None:
    web.module("interface", EVERYTHING)
    assert web.sh("ip netns exec web sysctl -n net.ipv4.conf.eth0.promote_secondaries").strip() == "0"
    fewer = {"name": "eth0", "netns": "web", "addresses": ["10.0.0.3/24"], "purge_addresses": True}
    _converge(web, fewer)
    assert _addresses(web) == ["10.0.0.3/24"]
    assert "default via 10.0.0.1" in _routes(web)
    assert web.sh("ip netns exec web sysctl -n net.ipv4.conf.eth0.promote_secondaries").strip() == "0"


def test_all_addresses_change_and_the_routes_stay(web: Host) -> None:
    web.module("interface", EVERYTHING)
    routes = [{"to": "10.50.0.0/16", "via": "10.0.0.1"}, {"to": "default", "via": "10.0.0.1"}]
    other = {"name": "eth0", "netns": "web", "addresses": ["10.0.0.9/16"], "purge_addresses": True, "routes": routes}
    _converge(web, other)
    assert _addresses(web) == ["10.0.0.9/16"]


def test_an_interface_that_is_to_be_down(web: Host) -> None:
    down = {"name": "eth0", "netns": "web", "enabled": False, "addresses": ["10.0.0.2/24", "fd00::2/64"]}
    _converge(web, down)
    web.sh("ip -n web link set eth0 up")
    _converge(web, down)
    assert _addresses(web) == ["10.0.0.2/24", "fd00::2/64"]


def test_a_route_is_never_stolen(web: Host) -> None:
    web.module("interface", EVERYTHING)
    web.sh("ip -n web link add d0 type veth peer d1; ip -n web link set d0 up; ip -n web link set d1 up")
    settle(web, "web")
    want: dict[str, Any] = {
        "name": "d0",
        "netns": "web",
        "addresses": ["10.6.0.1/24"],
        "routes": [{"to": "default", "via": "10.6.0.2"}],
    }
    refused(web, "interface", want, "a route to default with metric 0 in table main leads over interface eth0")
    want["routes"][0]["metric"] = 7
    _converge(web, want)
    # In one call, too.
    both = {"netns": "web", "aggregate": [{"name": name, "routes": [{"to": "1.1.1.1/32"}]} for name in ("d0", "d1")]}
    refused(web, "interface", both, "interface d1 in namespace web: a route to 1.1.1.1/32")


@pytest.mark.long
def test_absent_takes_away_what_is_listed_and_nothing_else(web: Host) -> None:
    web.module("interface", EVERYTHING)
    settle(web, "web")
    listed = {
        "name": "eth0",
        "netns": "web",
        "state": "absent",
        "addresses": ["10.0.0.2/8", "10.0.0.99/24"],
        "routes": [{"to": "default"}, {"to": "10.9.0.0/16", "type": "blackhole"}, {"to": "10.7.0.0/16"}],
    }
    done = _converge(web, listed)
    assert done["diff"][0]["before"]["addresses"] == ["10.0.0.2/24"]
    assert done["diff"][0]["after"] == {}
    assert _addresses(web) == ["10.0.0.3/24", "fd00::2/64"]
    assert "10.7.0.0/16" in _routes(web, "table", "100")
    assert "default via fd00::1" in _routes(web)
    for gone in ({"name": "other", "netns": "web"}, {"name": "eth0", "netns": "nowhere"}):
        _converge(web, {**listed, **gone}, changed=False)


@pytest.mark.long
def test_answering_for_others(web: Host) -> None:
    """Those that others wrote stay, also where those of this module are purged."""
    web.inside("web").sh("ip neigh add proxy 192.0.2.7 dev eth0; ip neigh add proxy 10.5.0.7 dev eth0")
    given = {"name": "eth0", "netns": "web", "proxy_neighbours": ["192.0.2.7", "192.0.2.8", "2001:db8::8"]}
    done = _converge(web, given)
    assert done["diff"][0]["before"]["proxy_neighbours"] == ["192.0.2.7"]
    assert _proxies(web) == {"10.5.0.7", *given["proxy_neighbours"]}
    _converge(web, {**given, "proxy_neighbours": []}, changed=False)
    _converge(web, {**given, "proxy_neighbours": [], "purge_proxy_neighbours": ["10.0.0.0/8"]}, changed=False)
    networks = ["192.0.2.0/24", "10.0.0.0/8"]
    done = _converge(web, {**given, "proxy_neighbours": ["2001:db8::8"], "purge_proxy_neighbours": networks})
    assert done["objects"][0]["proxy_neighbours"] == ["2001:db8::8"]
    assert _proxies(web) == {"10.5.0.7", "192.0.2.7", "2001:db8::8"}
    _converge(web, {**given, "state": "absent"})
    assert _proxies(web) == {"10.5.0.7"}, "what is listed goes, whoever wrote it"


def _proxies(web: Host) -> set[str]:
    return {one["dst"] for one in web.ip("-n", "web", "neigh", "show", "proxy")}


def test_leases_are_remembered_and_forgotten(web: Host) -> None:
    web.module("interface", {**EVERYTHING, "owner": "stranger"})
    assert '"addresses": {}' in web.read("/run/linuxnet/netns/web")
    _converge(web, EVERYTHING, changed=False)
    record = json.loads(web.read("/run/linuxnet/netns/web"))
    assert record["addresses"] == {"default": {"eth0": ["10.0.0.2/24", "10.0.0.3/24", "fd00::2/64"]}}
    web.module("interface", {**EVERYTHING, "addresses": None, "routes": None})
    assert json.loads(web.read("/run/linuxnet/netns/web")) == record
    web.module("interface", {"name": "eth0", "netns": "web", "state": "absent"})
    assert json.loads(web.read("/run/linuxnet/netns/web"))["addresses"] == {}


@pytest.mark.long
def test_marks_count_on_the_host_alone(web: Host) -> None:
    web.module("netns", {"name": "db"})
    web.module("veth", {"name": "vdb", "peer_name": "eth0", "peer_netns": "db", "owner": "shop"})
    refused(web, "interface", {"name": "vdb"}, "interface vdb belongs to owner shop; pass owner: shop")
    _converge(web, {"name": "vdb", "owner": "shop"})
    web.sh("ip -n web link set eth0 alias linuxnet:shop:")
    _converge(web, {"name": "eth0", "netns": "web"})


def test_lo_is_an_interface(host: Host) -> None:
    options = {"name": "lo", "addresses": ["127.0.0.5/8", "10.1.1.1/32", "fd01::1/128"], "purge_addresses": True}
    converge_settled(host, options)
    assert "127.0.0.1/8" in host.sh("ip addr show lo")


@pytest.mark.long
def test_an_uplink_of_the_host(host: Host) -> None:
    host.sh("ip link add eth9 type veth peer p9; ip link set p9 up")
    converge_settled(
        host, {"name": "eth9", "addresses": ["192.0.2.7/24"], "routes": [{"to": "default", "via": "192.0.2.1"}]}
    )


def test_check_mode_on_an_empty_host(host: Host) -> None:
    want = {key: value for key, value in EVERYTHING.items() if key != "mac_address"} | {"mtu": 1500}
    foretold = host.module("interface", want, check=True)
    assert "treated as just created: web" in json.dumps(foretold["warnings"])
    assert "treated as just created: eth0 in namespace web" in json.dumps(foretold["warnings"])
    assert "namespace web does not exist" in host.module("interface", want, fails=True)["msg"]
    host.module("netns", {"name": "web"})
    assert "interface eth0 in namespace web does not exist" in host.module("interface", want, fails=True)["msg"]
    host.module("veth", {"name": "vweb", "peer_name": "eth0", "peer_netns": "web"})
    assert host.module("interface", want)["diff"] == foretold["diff"]


@pytest.mark.long
def test_tables_by_name(web: Host) -> None:
    web.sh("mkdir -p /etc/iproute2; echo '77 blue' > /etc/iproute2/rt_tables")
    _converge(web, {"name": "eth0", "netns": "web", "routes": [{"to": "10.7.0.0/16", "table": "blue"}]})
    assert "10.7.0.0/16" in _routes(web, "table", "77")
    for name in ("red", "²", "٣"):
        refused(
            web,
            "interface",
            {"name": "eth0", "routes": [{"to": "10.7.0.0/16", "table": name}], "netns": "web"},
            f"routes[0].table: '{name}' is not allowed: a number, or a name from the host's rt_tables",
        )


SETTINGS = (
    "net.ipv4.conf.IFNAME.rp_filter",
    "net.ipv4.conf.IFNAME.arp_notify",
    "net.ipv4.conf.IFNAME.arp_ignore",
    "net.ipv4.conf.IFNAME.forwarding",
    "net.ipv4.conf.IFNAME.promote_secondaries",
    "net.ipv6.conf.IFNAME.forwarding",
    "net.ipv6.conf.IFNAME.accept_ra",
    "net.ipv6.conf.IFNAME.disable_ipv6",
    "net.ipv6.conf.IFNAME.ndisc_notify",
    "net.ipv6.conf.IFNAME.proxy_ndp",
)


@pytest.mark.parametrize("different", SETTINGS)
def test_settings_are_told_as_they_are(web: Host, different: str) -> None:
    """Some come with the interface and the others from /proc/sys: all of them say what /proc/sys says."""
    values = {name: str(int(name == different)) for name in SETTINGS}
    for name, value in values.items():
        web.inside("web").sh(f"sysctl -qw {name.replace('IFNAME', 'eth0')}={value}")
    told = web.module(
        "interface", {"name": "eth0", "netns": "web", "sysctls": dict.fromkeys(SETTINGS, "2")}, check=True
    )
    assert told["diff"][0]["before"]["sysctls"] == values


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("net.ipv4.conf.IFNAME.proxy_arp", "01"),
        ("net.ipv4.conf.IFNAME.arp_notify", "0x1"),
        ("net.ipv6.conf.IFNAME.hop_limit", "040"),
        ("net.ipv6.conf.IFNAME.stable_secret", "2001:db8::7"),
        ("net.ipv4.neigh.IFNAME.gc_stale_time", "010"),
    ],
)
def test_settings_come_to_rest_however_they_are_written(web: Host, setting: str, value: str) -> None:
    _converge(web, {"name": "eth0", "netns": "web", "sysctls": {setting: value}})


@pytest.mark.parametrize("value", ["300", "many", "²"])
def test_a_value_that_the_kernel_does_not_take_is_refused_first(web: Host, value: str) -> None:
    want = {"name": "eth0", "netns": "web", "mtu": 1300, "sysctls": {"net.ipv6.conf.IFNAME.hop_limit": value}}
    sentence = f"sysctls.net.ipv6.conf.IFNAME.hop_limit: '{value}' is not allowed: a value that the"
    refused(web, "interface", want, sentence)


def test_without_ipv6_an_interface_has_no_settings_of_it(web: Host) -> None:
    web.inside("web").sh("ip link set eth0 mtu 1200")
    refused(
        web,
        "interface",
        {"name": "eth0", "netns": "web", "sysctls": {"net.ipv6.conf.IFNAME.accept_ra": "0"}},
        "this kernel has no setting net.ipv6.conf.IFNAME.accept_ra",
    )


def test_ipv6_switched_off_is_told(web: Host) -> None:
    web.inside("web").sh("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
    message = web.module("interface", {"name": "eth0", "netns": "web", "addresses": ["fd00::2/64"]}, fails=True)["msg"]
    assert message == (
        "cannot add address fd00::2/64 to interface eth0 in namespace web: "
        "IPv6 is disabled there, see net.ipv6.conf.eth0.disable_ipv6"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"addresses": ["10.0.0.0/24"]},
            "addresses[0]: '10.0.0.0/24' is not allowed: an address of 10.0.0.0/24 other than the network address",
        ),
        ({"addresses": ["10.0.0.255/24"]}, "other than the broadcast address"),
        ({"addresses": ["10.0.0.1"]}, "an address with prefix length"),
        ({"addresses": ["10.0.0.1/33"]}, "addresses[0]: '10.0.0.1/33' is not allowed"),
        (
            {"addresses": ["10.0.0.1/24", "10.0.0.1/16"]},
            "addresses[1]: '10.0.0.1/16' is not allowed: the list already has this address",
        ),
        ({"addresses": ["ff02::1/64"]}, "a unicast address"),
        (
            {"addresses": ["10.0.0.2/24"], "routes": [{"to": "default", "via": "10.0.0.255"}]},
            "neither the network's own nor its broadcast",
        ),
        (
            {"addresses": ["10.0.0.2/24"], "routes": [{"to": "default", "via": "10.0.0.2"}]},
            "this one is the interface's own",
        ),
        ({"routes": [{"to": "10.0.0.1/24"}]}, "a network without host bits; did you mean 10.0.0.0/24?"),
        (
            {"routes": [{"to": "10.0.0.0/24", "via": "fd00::1"}]},
            "routes[0].via: 'fd00::1' is not allowed: an IPv4 address",
        ),
        ({"routes": [{"to": "10.0.0.0/24", "type": "blackhole", "via": "10.0.0.1"}]}, "routes[0].type: 'blackhole'"),
        ({"routes": [{"to": "10.0.0.0/24", "on_link": True}]}, "routes[0].on_link"),
        (
            {"routes": [{"to": "10.0.0.0/24"}, {"to": "10.0.0.0/24", "metric": 0}]},
            "has the same destination, table and metric",
        ),
        ({"routes": [{"to": "10.0.0.0/24"}], "enabled": False}, "an interface that is down has no routes"),
        ({"routes": [{"to": "10.0.0.0/24", "metric": -1}]}, "routes[0].metric"),
        ({"mtu": 20}, "mtu: 20 is not allowed"),
        ({"proxy_neighbours": ["ff02::1"]}, "proxy_neighbours[0]: 'ff02::1' is not allowed: the unicast address"),
        (
            {"proxy_neighbours": ["10.0.0.7", "10.0.0.7"]},
            "proxy_neighbours[1]: '10.0.0.7' is not allowed: an address that",
        ),
        ({"proxy_neighbours": [], "purge_proxy_neighbours": ["10.0.0.1/8"]}, "purge_proxy_neighbours[0]"),
        ({"mtu": 1000, "addresses": ["fd00::1/64"]}, "1280 or more, since an IPv6 address is given"),
        ({"mac_address": 12345}, "quote it"),
        ({"sysctls": {"net.ipv4.conf.eth0.rp_filter": 1}}, "with IFNAME for its name"),
        ({"sysctls": {"kernel.IFNAME.x": 1}}, "a setting of the network"),
        ({"sysctls": {"net.ipv4.conf.IFNAME.nosuch": 1}}, "this kernel has no setting net.ipv4.conf.IFNAME.nosuch"),
        ({"name": "eth0:1"}, "name: 'eth0:1' is not allowed"),
        ({"name": "missing"}, "interface missing"),
    ],
)
def test_bad_input_is_one_sentence(web: Host, options: dict[str, Any], sentence: str) -> None:
    if options.get("name") == "missing":
        assert sentence in web.module("interface", {"netns": "web", **options}, fails=True)["msg"]
    else:
        refused(web, "interface", {"name": "eth0", "netns": "web", **options}, sentence)


def test_the_kernels_refusal_names_the_step_and_what_was_done(web: Host) -> None:
    want = {
        "name": "eth0",
        "netns": "web",
        "addresses": ["10.0.0.2/24"],
        "routes": [{"to": "default", "via": "10.99.0.1"}],
    }
    message = web.module("interface", want, fails=True)["msg"]
    assert message.startswith(
        "cannot add route default metric 0 table main via 10.99.0.1 ip_version ipv4 "
        "to interface eth0 in namespace web: "
        "the gateway is not on a network of this interface"
    )
    assert "Already done, and left in place: add address 10.0.0.2/24 to interface eth0 in namespace web" in message
