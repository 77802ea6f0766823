# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks with special settings: trusted interfaces, no translation, another source address, two in one namespace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.integration.networks import apply, remove
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.integration.settling import settle
from tests.integration.traffic.combinations import Combination, prepare
from tests.lab import frames, town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.town import Town

SECOND = "192.0.2.5"
SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
WEB: dict[str, Any] = {"namespace": "web", "published_ports": ["8080:80", "53:53/udp"]}
SHOP: dict[str, Any] = {"name": "br0", "ipam_config": SUBNETS, "endpoints": [WEB]}
#: Seconds to wait for an answer: the link-local address that the bridge needs to find endpoints takes one.
PATIENCE = 4.0
OWN = ("172.18.0.2", "fd00:18::2")


@pytest.fixture(params=["nft", NATIVE])
def built(request: pytest.FixtureRequest) -> Iterator[Town]:
    with Lab() as lab:
        one = town.build(lab)
        use_backend(one.host, request.param)
        # Another tool uses iptables, too: what it drops in FORWARD later, our networks were prepared for.
        one.host.sh("iptables -P FORWARD ACCEPT; ip6tables -P FORWARD ACCEPT")
        one.host.sh(f"ip address add {SECOND}/24 dev eth0")
        yield one


@pytest.fixture
def each_built(built: Town, combination: Combination) -> Town:
    """The same on each kind of host."""
    backend, *settings = combination
    use_backend(built.host, backend)
    prepare(built.host, *settings)
    return built


def test_soon(built: Town) -> None:
    """IPv6 does not wait for duplicate address detection, only for the kernel to process the bridge's carrier."""
    apply(built.host, **SHOP)
    began = time.monotonic()
    with built.host.inside("web").server(80):
        for address in town.HOST:
            assert built.neighbour.ask(address, 8080, timeout=PATIENCE), address
    assert time.monotonic() - began < 1.9
    assert built.host.sysctl("net/ipv6/conf/br0/accept_dad") == "0"


def test_trusted_interfaces(built: Town) -> None:
    """Whoever is behind one reaches endpoints directly; others do not."""
    lan = built.host.lab.segment("inner")
    lan.join(built.host, "eth1", ["10.1.0.1/24", "fd00:1::1/64"])
    friend = lan.neighbour("friend", ["10.1.0.9/24", "fd00:1::9/64"], ["10.1.0.1", "fd00:1::1"])
    apply(built.host, trusted_interfaces=["eth1"], **SHOP)
    built.host.sh("iptables -P FORWARD DROP; ip6tables -P FORWARD DROP")
    with built.host.inside("web").server(7777), built.host.inside("web").server(7777, "udp"):
        for kind in ("tcp", "udp"):
            for address, source in zip(OWN, ("10.1.0.9", "fd00:1::9"), strict=True):
                answer = friend.ask(address, 7777, kind, timeout=PATIENCE)
                assert answer is not None
                assert answer.peer == source
                assert built.neighbour.ask(address, 7777, kind, timeout=0.3) is None
        apply(built.host, **SHOP)
        assert friend.ask(OWN[0], 7777, timeout=0.3) is None
        assert friend.ask(OWN[1], 7777, "udp", timeout=0.3) is None


def _seen_by(server: Host, client: Host, addresses: tuple[str, str]) -> list[str]:
    """The source addresses with which a server on the segment sees an endpoint."""
    found = []
    for kind in ("tcp", "udp"):
        with server.server(4000, kind):
            for address in addresses:
                answer = client.inside("web").ask(address, 4000, kind, timeout=PATIENCE)
                found.append(answer.peer if answer else "")
    return found


def test_without_masquerading(built: Town) -> None:
    """The endpoint's own address is visible where there is a route back to it. Published ports work as usual."""
    apply(built.host, masquerade=False, **SHOP)
    assert _seen_by(built.neighbour, built.host, town.NEIGHBOUR) == [*OWN, *OWN]
    web = built.host.inside("web")
    with web.server(80):
        for address, client in zip(town.HOST, town.NEIGHBOUR, strict=True):
            answer = built.neighbour.ask(address, 8080, timeout=PATIENCE)
            assert answer is not None
            assert answer.peer == client
        answer = built.host.ask("127.0.0.1", 8080)
        assert answer is not None
        assert answer.peer == "172.18.0.1"
    with web.server(7777):
        assert built.neighbour.ask(OWN[0], 7777, timeout=0.3) is None
    apply(built.host, **SHOP)
    assert _seen_by(built.neighbour, built.host, town.NEIGHBOUR) == [*town.HOST, *town.HOST]


def test_another_source_address(built: Town) -> None:
    built.host.sh("ip address add 2001:db8::5/64 dev eth0 nodad preferred_lft 0")
    addresses = {"masquerade_address": SECOND, "masquerade_address_ipv6": "2001:db8::5"}
    apply(built.host, **addresses, **SHOP)
    assert _seen_by(built.outside, built.host, town.ROUTER) == [SECOND, "2001:db8::5"] * 2
    apply(built.host, **SHOP)
    assert _seen_by(built.outside, built.host, town.ROUTER) == [*town.HOST, *town.HOST]


def _addresses(host: Host, scope: str) -> list[str]:
    """The IPv6 addresses of eth0 with a scope, global or link."""
    known = host.ip("address", "show", "eth0")[0]["addr_info"]
    return [one["local"] for one in known if one["family"] == "inet6" and one["scope"] == scope]


def _by_advertisement(host: Host, router: Host, lifetime: int) -> tuple[list[str], int]:
    """Have a router advertise itself. Returns the host's addresses, and the lifetime of its default route."""
    mac = router.ip("link", "show", "eth0")[0]["address"]
    offer = frames.router_advertisement(_addresses(router, "link")[0], mac, "2001:db8:5::/64", lifetime)
    router.send_frames("eth0", [frames.ethernet("33:33:00:00:00:01", mac, frames.IPV6, offer)])
    time.sleep(0.3)
    routes = host.run(["ip", "-6", "route", "show", "default"]).out.split()
    seconds = int(routes[routes.index("expires") + 1].removesuffix("sec")) if "ra" in routes else 0
    return _addresses(host, "global"), seconds


def test_a_host_that_lives_by_router_advertisements(built: Town) -> None:
    """It keeps its address and its default route when the role turns forwarding on, and accepts further ones."""
    host, router = built.host, built.outside
    router.sh("ip address add 2001:db8:5::fe/64 dev eth0 nodad")
    host.sh("ip -6 address flush dev eth0 scope global; ip -6 route flush default")
    host.sysctl("net/ipv6/conf/eth0/accept_ra", 1)
    own, lifetime = _by_advertisement(host, router, 1800)
    assert [address.startswith("2001:db8:5:") for address in own] == [True]
    assert lifetime > 1700
    settle(host)  # nothing is translated to an address that is still tentative
    apply(host, **SHOP)
    assert host.sysctl("net/ipv6/conf/all/forwarding") == "1"
    with host.inside("web").server(80), router.server(4000):
        answer = router.ask(own[0], 8080, timeout=PATIENCE)
        assert answer is not None
        assert answer.peer == "2001:db8:5::fe"
        answer = host.inside("web").ask(town.WORLD[1], 4000, timeout=PATIENCE)
        assert answer is not None
        assert answer.peer == own[0]
    assert _by_advertisement(host, router, 900) == (own, pytest.approx(900, abs=5))
    assert apply(host, **SHOP).changed == []


def test_a_client_with_a_link_local_address(built: Town) -> None:
    """An endpoint could not reply, so the connection is not translated but refused at once."""
    host, neighbour = built.host, built.neighbour
    apply(host, **SHOP)
    link_local = f"{_addresses(host, 'link')[0]}%eth0"
    with host.inside("web").server(80):
        neighbour.sh("ip -6 address flush dev eth0 scope link; ip address add fe80::9/64 dev eth0 nodad")
        assert neighbour.ask(link_local, 8080, source=f"[{town.NEIGHBOUR[1]}]:0", timeout=PATIENCE)
        began = time.monotonic()
        assert neighbour.ask(link_local, 8080, timeout=PATIENCE) is None
        assert time.monotonic() - began < PATIENCE / 2


BACK: dict[str, Any] = {
    "name": "br1",
    "ipam_config": [{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}],
    "endpoints": [
        {"namespace": "web", "interface": "eth1", "default_route": False, "published_ports": ["8090:80"]},
        {"namespace": "app"},
    ],
}


@pytest.mark.parametrize("rp_filter", [0, 1, 2])
def test_two_networks_for_one_namespace(built: Town, rp_filter: int) -> None:
    """With one default route. Ports published on the other network are answered through the first one."""
    host = built.host
    for name in ("all", "default", "eth0"):
        host.sysctl(f"net/ipv4/conf/{name}/rp_filter", rp_filter)
    apply(host, **SHOP)
    apply(host, **BACK)
    web, app = host.inside("web"), host.inside("app")
    with web.server(80), web.server(53, "udp"), app.server(80):
        for client in (built.neighbour, built.outside):
            for address in town.HOST:
                for port, kind in ((8080, "tcp"), (8090, "tcp"), (53, "udp")):
                    answer = client.ask(address, port, kind, timeout=PATIENCE)
                    assert answer is not None, (client.name, address, port)
                    own = town.NEIGHBOUR if client is built.neighbour else town.ROUTER
                    assert answer.peer == own[":" in address]
        assert app.ask("172.19.0.2", 80, timeout=PATIENCE), "the neighbour on the second network"
        assert web.ask("172.19.0.3", 80, timeout=PATIENCE)
        assert web.ask("fd00:19::3", 80, timeout=PATIENCE)
        assert host.ask("127.0.0.1", 8090)
    assert _seen_by(built.outside, host, town.ROUTER) == [*town.HOST, *town.HOST]
    assert apply(host, **SHOP).changed == []
    assert apply(host, **BACK).changed == []
    remove(host, "br1")
    with web.server(80):
        assert built.neighbour.ask("192.0.2.1", 8080)


@pytest.mark.parametrize("mode", ["nat", "nat-unprotected", "routed"])
def test_answers_leave_by_whatever_network_has_the_default_route(built: Town, mode: str) -> None:
    host = built.host
    plain = {**SHOP, "endpoints": [{"namespace": "web"}], "gateway_mode": mode}
    apply(host, **plain)
    applied = apply(host, **BACK)
    mac = host.inside("web").ip("link", "show", "eth0")[0]["address"]
    assert applied.plan["modules"]["bridge_forward"][0]["answers_by"] == [
        {"interface": "br0", "addresses": ["172.19.0.2", "fd00:19::2"], "mac_address": mac}
    ]
    with host.inside("web").server(80):
        for client, own in ((built.neighbour, town.NEIGHBOUR), (built.outside, town.ROUTER)):
            for address in town.HOST:
                answer = client.ask(address, 8090, timeout=PATIENCE)
                assert answer is not None, (client.name, address)
                assert answer.peer == own[":" in address]
    assert apply(host, **plain).changed == []
    assert apply(host, **BACK).changed == []


def test_a_router_elsewhere_brings_endpoints_to_the_host(built: Town) -> None:
    """Their packets then arrive at the uplink. If the host is the router, such packets are spoofed."""
    host, router = built.host, built.outside
    inner = host.lab.segment("inner")
    router.sysctl("net/ipv6/conf/default/accept_dad", 0)  # until the end of that test it would look for nobody
    inner.join(host, "eth1")
    inner.join(router, "eth1", ["172.18.0.1/16", "fd00:18::1/64"])
    router.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
    want = {**SHOP, "endpoints": [{"namespace": "web"}], "ports": ["eth1"]}
    apply(host, inhibit_gateway=True, **want)
    with host.server(22):
        for address, own in zip(town.HOST, OWN, strict=True):
            answer = host.inside("web").ask(address, 22, timeout=PATIENCE)
            assert answer is not None
            assert answer.peer == own
    assert apply(host, inhibit_gateway=True, **want).changed == []
    router.sh("ip link del eth1")
    apply(host, **want)
    shown, rule = {
        "auto": ("iptables -t mangle -S LINUXNET-PREROUTING", "-s 172.18.0.0/16 ! -i br0"),
        "nftables": ("nft list chain inet linuxnet names", 'iifname != "br0" ip saddr 172.18.0.0/16'),
    }[host.firewall]
    assert rule in host.sh(shown)


def test_nobody_else_answers_by_the_other_network(each_built: Town) -> None:
    """web may reply through br0 for what it publishes on br1; its neighbour on br0 may not do so for app."""
    host, lan = each_built.host, each_built.neighbour
    apply(host, **{**SHOP, "endpoints": [WEB, {"namespace": "db"}]})
    apply(
        host, **{**BACK, "endpoints": [BACK["endpoints"][0], {"namespace": "app", "published_ports": ["5300:53/udp"]}]}
    )
    macs = {name: host.inside(name).ip("link", "show", "eth0")[0]["address"] for name in ("db", "app")}
    db, gateway = host.inside("db"), host.ip("link", "show", "br0")[0]["address"]
    for version, app in enumerate(("172.19.0.3", "fd00:19::3")):
        kind, client = (frames.IPV4, frames.IPV6)[version], town.NEIGHBOUR[version]
        mac = host.ip("link", "show", "eth0")[0]["address"]
        asked = frames.udp(client, town.HOST[version], 4000, 5300)
        forged = frames.udp(app, client, 53, 4000, b"forged")
        with host.inside("app").sniffer("eth0") as app_sees, lan.sniffer("eth0") as lan_sees:
            lan.send_frames("eth0", [frames.ethernet(mac, "02:00:00:00:00:09", kind, asked)])
            assert app_sees.wait(PATIENCE, protocol=frames.UDP, port=53)
            db.send_frames("eth0", [frames.ethernet(gateway, macs["db"], kind, forged)])
            assert not lan_sees.wait(0.5, protocol=frames.UDP, source_port=5300)
            true = frames.udp(app, client, 53, 4000, b"true")
            own = host.ip("link", "show", "br1")[0]["address"]
            host.inside("app").send_frames("eth0", [frames.ethernet(own, macs["app"], kind, true)])
            assert lan_sees.wait(PATIENCE, protocol=frames.UDP, source_port=5300), "the control"


def test_nobody_else_answers_in_its_name(each_built: Town) -> None:
    """web replies through br0 from its MAC address there; its neighbour on br0 cannot, with web's address on br1."""
    host, lan = each_built.host, each_built.neighbour
    apply(host, **{**SHOP, "endpoints": [WEB, {"namespace": "db"}]})
    apply(host, **BACK)
    web, db = host.inside("web"), host.inside("db")
    macs = {one: one.ip("link", "show", "eth0")[0]["address"] for one in (web, db)}
    mac, gateway = (host.ip("link", "show", name)[0]["address"] for name in ("eth0", "br0"))
    for version, own in enumerate(("172.19.0.2", "fd00:19::2")):
        kind, client = (frames.IPV4, frames.IPV6)[version], town.NEIGHBOUR[version]
        web.run(["ip", "route", "add", "blackhole", client])  # it leaves the question unanswered
        question = frames.tcp(client, town.HOST[version], 4000, 8090)
        answer = frames.tcp(own, client, 80, 4000)  # both ends may open at once
        with web.sniffer("eth1") as web_sees, lan.sniffer("eth0") as lan_sees:
            lan.send_frames("eth0", [frames.ethernet(mac, "02:00:00:00:00:09", kind, question)])
            assert web_sees.wait(PATIENCE, protocol=frames.TCP, port=80)
            db.send_frames("eth0", [frames.ethernet(gateway, macs[db], kind, answer)])
            assert not lan_sees.wait(0.5, protocol=frames.TCP, source_port=8090)
            web.send_frames("eth0", [frames.ethernet(gateway, macs[web], kind, answer)])
            assert lan_sees.wait(PATIENCE, protocol=frames.TCP, source_port=8090), "the control"


def test_udp_needs_the_network_of_the_default_route(built: Town) -> None:
    apply(built.host, **SHOP)
    endpoint = {**BACK["endpoints"][0], "published_ports": ["5353:53/udp"]}
    with pytest.raises(LinuxnetError, match="UDP can only be published on the network with the default route"):
        apply(built.host, **{**BACK, "endpoints": [endpoint]})


@pytest.mark.parametrize("built", ["nft"], indirect=True)
def test_rules_of_the_administrator(built: Town) -> None:
    """LINUXNET-USER belongs to them: it decides before ours do, and nobody else writes to it."""
    host = built.host
    apply(host, **SHOP)
    rules = "-s 192.0.2.9/32 -p tcp -m conntrack --ctorigdstport 8080 -j REJECT --reject-with icmp-port-unreachable"
    host.sh(f"iptables -A LINUXNET-USER {rules}")
    with host.inside("web").server(80), host.inside("web").server(53, "udp"):
        assert built.neighbour.ask("192.0.2.1", 8080) is None
        assert built.neighbour.ask("192.0.2.1", 53, "udp")
        assert built.outside.ask("192.0.2.1", 8080)
        assert apply(host, **SHOP).changed == []
        host.sh("iptables -D FORWARD 1")
        apply(host, **SHOP)
        assert built.neighbour.ask("192.0.2.1", 8080) is None
        host.sh("iptables -I LINUXNET-USER -j ACCEPT")
        assert built.neighbour.ask("192.0.2.1", 8080)
        assert built.neighbour.ask(OWN[0], 80, timeout=0.3) is None, "mangle drops what nobody published all the same"
    remove(host, "br0")
    assert rules in host.run(["iptables", "-S", "LINUXNET-USER"]).out


@pytest.mark.parametrize("built", [NATIVE], indirect=True)
@pytest.mark.parametrize("priority", [-20, 20])
def test_a_table_of_the_administrator(built: Town, priority: int) -> None:
    """With nftables it takes the place of that chain, before or after our table: what it refuses is refused."""
    host = built.host
    apply(host, **SHOP)
    chain = f"chain forward {{ type filter hook forward priority {priority}; policy accept; }}"
    host.sh(f"nft 'table inet mine {{ {chain}; }}'")
    host.sh("nft add rule inet mine forward meta l4proto tcp ip saddr 192.0.2.9 ct original proto-dst 8080 reject")
    with host.inside("web").server(80), host.inside("web").server(53, "udp"):
        assert built.neighbour.ask("192.0.2.1", 8080) is None
        assert built.neighbour.ask("192.0.2.1", 53, "udp")
        assert built.outside.ask("192.0.2.1", 8080)
        assert apply(host, **SHOP).changed == []
        host.sh("nft flush chain inet mine forward; nft add rule inet mine forward accept")
        assert built.neighbour.ask("192.0.2.1", 8080)
        assert built.neighbour.ask(OWN[0], 80, timeout=0.3) is None, "what nobody published is dropped all the same"
    theirs = host.sh("nft list table inet mine")
    remove(host, "br0")
    assert host.sh("nft list table inet mine") == theirs
