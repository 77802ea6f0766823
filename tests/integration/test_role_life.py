# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of networks on a host: they are changed, damaged and removed, and converge each time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.integration.networks import SHOP, Applied, apply, in_one, plan, remove
from tests.integration.persistence import program
from tests.lab.dumps import Dump
from tests.lab.host import Host

BACK: dict[str, Any] = {
    "name": "br-back",
    "ipam_config": [{"subnet": "172.19.0.0/24"}],
    "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}],
}


UNPUBLISHED = [{"namespace": "web"}, {"namespace": "db", "ipv4_address": "172.18.0.10"}]
#: A port that was published once and is not wanted any more.
STALE_RULE = (
    "iptables -t nat -A LINUXNET-DNAT -p tcp -m tcp --dport 99"
    " -m comment --comment linuxnet-dnat-br-shop -j DNAT --to-destination 172.18.0.2:99"
)


def become(host: Host, exact: bool = True, **variables: Any) -> Applied:
    """Apply a network in check mode, for real and once more.

    :param exact: after a link was moved or renamed, check mode may predict more than is done, never less
    """
    done, _after = _become(host, settled(host), exact, variables)
    return done


def _become(host: Host, before: Dump, exact: bool, variables: dict[str, Any]) -> tuple[Applied, Dump]:
    foretold = apply(host, check=True, **variables)
    assert before.changes_to(settled(host)) == [], "check mode changed something"
    done = apply(host, **variables)
    if exact:
        assert foretold.diffs == done.diffs, "check mode foretold something else"
    assert set(foretold.changed) >= set(done.changed), "check mode foretold less"
    after = settled(host)
    again = apply(host, **variables)
    assert again.changed == [], f"the second run found something to do: {json.dumps(again.diffs)}"
    assert after.changes_to(settled(host)) == [], "the second run changed something"
    return done, after


def repairs(host: Host, damage: str, exact: bool = True, **variables: Any) -> None:
    """Break something with a shell command, apply the network, and check that everything is as before."""
    healthy = settled(host)
    host.sh(damage)
    damaged = settled(host)
    assert healthy.changes_to(damaged) != [], "the damage did nothing"
    _done, repaired = _become(host, damaged, exact, variables)
    assert healthy.changes_to(repaired) == []


def settled(host: Host) -> Dump:
    """A dump without what follows by itself a second later: carriers, and link-local addresses that wait for them."""
    found = host.dump()
    for section, lines in found.items():
        if section.endswith(" links"):
            found[section] = [json.dumps(_without_carrier(json.loads(line))) for line in lines]
        elif section.endswith((" addresses", " routes")):
            found[section] = [line.replace('"linkdown"', "") for line in lines if "fe80" not in line]
    return found


def _without_carrier(link: dict[str, Any]) -> dict[str, Any]:
    link["flags"] = [flag for flag in link["flags"] if flag not in ("NO-CARRIER", "LOWER_UP", "M-DOWN")]
    link.get("linkinfo", {}).get("info_slave_data", {}).pop("state", None)
    return link


def addresses(applied: Applied) -> dict[str, list[str]]:
    return {endpoint["namespace"]: endpoint["addresses"] for endpoint in applied.plan["endpoints"]}


def shop(*endpoints: Any, **more: Any) -> dict[str, Any]:
    listed = [{"namespace": endpoint} if isinstance(endpoint, str) else endpoint for endpoint in endpoints]
    return {**SHOP, "endpoints": listed, **more}


def namespaces(host: Host) -> set[str]:
    return set(host.sh("ip netns list | cut -d' ' -f1").split())


@pytest.mark.long
def test_endpoints_come_and_go_and_ports_move(host: Host) -> None:
    become(host, **SHOP)
    done = become(host, **shop("web", {"namespace": "db", "published_ports": ["8080:80"]}, "cache"))
    assert addresses(done)["cache"] == ["172.18.0.3/16", "fd00:18::4/64"]
    assert addresses(done)["db"][0] == "172.18.0.10/16", "it keeps what it has"
    with host.inside("db").server(80):
        assert host.ask("127.0.0.1", 8080) is not None
    become(host, **shop("cache"))
    assert namespaces(host) == {"cache"}
    assert "DNAT --to" not in host.sh("iptables-save; ip6tables-save")
    assert len(host.sh("ip -o link show master br-shop").splitlines()) == 1


@pytest.mark.long
def test_endpoints_are_only_added_where_that_is_asked(host: Host) -> None:
    become(host, **SHOP)
    done = become(host, **shop("cache", appends=True))
    assert addresses(done) == {"cache": ["172.18.0.3/16", "fd00:18::4/64"]}
    assert namespaces(host) == {"web", "db", "cache"}


@pytest.mark.long
def test_those_who_stay_are_kept_apart_like_those_who_are_added(host: Host) -> None:
    """icc is a property of the network, whichever endpoints are listed, and stays the same after a reboot."""
    apply(host, **shop("web", "db"), persistent=True)

    def reached() -> list[bool]:
        web, new = host.inside("web"), host.inside("new")
        return [web.reaches("172.18.0.3"), web.reaches("172.18.0.4"), new.reaches("172.18.0.2")]

    for icc in (False, True, False):
        want = shop("new", appends=True, persistent=True, icc=icc)
        foretold = in_one(host, want, check=True)
        assert in_one(host, want)["diff"] == foretold["diff"]
        assert reached() == [icc] * 3
        assert host.inside("web").reaches("172.18.0.1")
        assert not in_one(host, want)["changed"]
    written = json.loads(host.read("/etc/linuxnet/br-shop.json"))["modules"]["bridge_port"]
    assert [(port["isolated"], port["locked"], len(port["fdb"])) for port in written] == [(True, True, 1)] * 3
    program(host, "down", "br-shop")
    program(host, "up", "br-shop")
    assert reached() == [False] * 3
    assert not in_one(host, want)["changed"]


@pytest.mark.parametrize("firewall", ["iptables", "nftables"])
def test_default_routes_of_those_who_stay_are_told_where_internal_changes(host: Host, firewall: str) -> None:
    """Only their own options say whether they are to have one, and nobody lists them."""
    without = {"namespace": "db", "default_route": False}
    in_one(host, shop("web", without, firewall=firewall))

    def told(internal: bool) -> list[str]:
        want = shop("new", appends=True, internal=internal, firewall=firewall)
        foretold, done = in_one(host, want, check=True), in_one(host, want)
        first, second = ([line for line in one["warnings"] if "default route" in line] for one in (foretold, done))
        assert first == second
        return first

    def leads_out(namespace: str) -> bool:
        return "default" in host.sh(f"ip -n {namespace} route")

    assert told(internal=False) == []
    stays = (
        "bridge_network_internal: endpoints in web are not listed and keep their default routes, on which nothing"
        " passes now; list them to remove these"
    )
    assert (told(internal=True), leads_out("web"), leads_out("new")) == ([stays], True, False)
    assert told(internal=True) == [stays], "as long as it is so"
    in_one(host, shop("web", "new", without, internal=True, firewall=firewall))
    assert told(internal=True) == []
    lacks = (
        "bridge_network_internal: endpoints in db, web are not listed and get no default routes;"
        " list them if they are to have some"
    )
    assert (told(internal=False), leads_out("web"), leads_out("new")) == ([lacks], False, True)
    assert told(internal=False) == [], "what db lacks is wanted, as far as anybody knows"


def test_an_interface_takes_its_address_along_where_it_is_renamed(host: Host) -> None:
    """If endpoints were only added, the address recorded for its old name would count as in use."""
    web = {"namespace": "web", "published_ports": ["8080:80"]}
    # Lower ones are free then.
    apply(host, **shop({"namespace": "first"}, {**web, "ipv4_address": "172.18.0.51"}))
    before = addresses(apply(host, **shop(web)))
    assert before == {"web": ["172.18.0.51/16", "fd00:18::3/64"]}
    renamed = shop({**web, "interface": "lan0"})
    foretold = in_one(host, renamed, check=True)
    assert in_one(host, renamed)["diff"] == foretold["diff"]
    assert addresses(apply(host, **renamed)) == before
    done = apply(host, **renamed, appends=True)
    assert (done.changed, addresses(done)) == ([], before)


@pytest.mark.parametrize(
    "change",
    [
        {"icc": False},
        {"internal": True, "endpoints": UNPUBLISHED},
        {"mtu": 1400},
        {"gateway_mode": "routed", "endpoints": UNPUBLISHED},
        {"gateway_mode_ipv6": "nat-unprotected"},
        {"masquerade": False},
        {"masquerade_address": "192.0.2.1"},
        {"forward_policy": "drop"},
        {"ipam_config": [{"subnet": "172.20.0.0/16"}], "endpoints": [{"namespace": "web"}]},
        {"ipam_config": [{"subnet": "fd00:18::/64"}], "endpoints": [{"namespace": "web"}]},
        {"inhibit_gateway": True, "endpoints": UNPUBLISHED},
        {"default_host_ip": "127.0.0.1"},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.long
def test_a_network_is_changed_into_another_and_back(host: Host, change: dict[str, Any]) -> None:
    apply(host, **SHOP)
    built = settled(host)
    become(host, **{**SHOP, **change})
    apply(host, **SHOP)
    # Addresses in another subnet are lost on the way, so only the same network comes back exactly.
    if not {"ipam_config", "forward_policy"} & change.keys():
        assert built.changes_to(settled(host)) == []


@pytest.mark.parametrize(
    "damage",
    [
        "ip link set br-shop alias 'my own words'",
        "for end in $(ls /sys/class/net/br-shop/brif); do ip link set $end alias words; done",
        "for end in $(ls /sys/class/net/br-shop/brif); do ip link set $end nomaster; done",
        "for end in $(ls /sys/class/net/br-shop/brif); do ip link set $end down; done",
        "ip link set br-shop down",
        "ip addr flush dev br-shop",
        "ip -n web addr add 172.18.0.99/16 dev eth0",
        "ip -n web link set eth0 down",
        "for t in raw mangle nat filter; do iptables -t $t -F; ip6tables -t $t -F; done",
        STALE_RULE,
    ],
)
@pytest.mark.long
def test_drift_is_repaired(host: Host, damage: str) -> None:
    apply(host, **SHOP)
    repairs(host, damage, **SHOP)


@pytest.mark.parametrize(
    "damage",
    [
        "ip -n web link set eth0 down && ip -n web link set eth0 name other",
        "ip -n web link set eth0 down && ip -n web link set eth0 netns db name eth7",
        "ip link del $(ls /sys/class/net/br-shop/brif | grep web)",
        "ip link del br-shop",
        # The host end disappears some time after the namespace.
        "ip netns del web; until [ $(ls /sys/class/net/br-shop/brif | wc -l) = 1 ]; do sleep 0.02; done",
    ],
)
@pytest.mark.long
def test_links_that_were_moved_or_lost_come_back(host: Host, damage: str) -> None:
    before = addresses(become(host, **SHOP))
    host.sh(damage)
    assert addresses(become(host, exact=False, **SHOP)) == before
    assert host.inside("web").reaches("172.18.0.10")
    assert len(host.sh("ip -o link show master br-shop").splitlines()) == 2


@pytest.mark.long
def test_a_renamed_bridge_is_replaced_and_removed(host: Host) -> None:
    become(host, **SHOP)
    host.sh("ip link set br-shop down && ip link set br-shop name renamed")
    become(host, exact=False, **SHOP)
    assert "renamed" not in host.sh("ip -o link")
    host.sh("ip link set br-shop down && ip link set br-shop name renamed")
    remove(host)
    assert host.sh("ip -o link").count("\n") == 1


@pytest.mark.long
def test_a_namespace_on_two_networks(host: Host) -> None:
    become(host, **SHOP)
    both = become(host, **BACK)
    assert addresses(both) == {"web": ["172.19.0.2/24"]}
    assert apply(host, **SHOP).changed == [], "the second network is no reason to change the first"
    (problem,) = plan(host, {**BACK, "endpoints": [{"namespace": "web", "interface": "eth1"}]})["problems"]
    assert "has its default route on network br-shop" in problem["sentence"]
    remove(host)
    assert namespaces(host) == {"web"}
    assert host.inside("web").reaches("172.19.0.1")
    assert apply(host, **BACK).changed == []
    remove(host, "br-back")
    assert namespaces(host) == set()
    assert host.sh("ip -o link").count("\n") == 1
    assert not host.exists("/run/linuxnet")


def test_a_process_on_an_external_bridge(host: Host) -> None:
    host.sh("ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up")
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        before = settled(host)
        endpoint = {
            "namespace": str(process.pid),
            "pid": process.pid,
            "host_interface": "veth_host",
            "ipv4_address": "172.17.1.2",
            "published_ports": ["8080:80"],
        }
        join: dict[str, Any] = {
            "name": "docker0",
            "external": True,
            "ipam_config": [{"subnet": "172.17.0.0/16"}],
            "endpoints": [endpoint],
        }
        become(host, **join)
        inside = host.inside(str(process.pid))
        assert inside.reaches("172.17.0.1")
        assert inside.sh("ip -4 -br addr show eth0").split()[2] == "172.17.1.2/16"
        assert "veth_host" in host.sh("ip -o link show master docker0")
        remove(host, "docker0")
        left = [line for line in before.changes_to(settled(host)) if "forward" not in line and "redirects" not in line]
        assert left == []
        assert process.running()


@pytest.mark.long
def test_a_process_that_starts_anew_gets_the_network_of_the_one_before(host: Host) -> None:
    def joined(pid: int) -> dict[str, Any]:
        return shop({"namespace": "app", "pid": pid, "published_ports": ["8080:80"]}, "db")

    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        given = addresses(become(host, **joined(process.pid)))
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        foretold = apply(host, check=True, **joined(process.pid))
        assert "netns" in foretold.changed
        assert "so the prediction for its interfaces may be incomplete" in json.dumps(
            foretold.results["netns"]["warnings"]
        )
        done = apply(host, **joined(process.pid))
        assert addresses(done) == given
        assert "warnings" not in done.results["netns"]
        with host.inside(f"/proc/{process.pid}/ns/net").server(80):
            assert host.ask("127.0.0.1", 8080) is not None
        assert len(host.sh("ip -o link show master br-shop").splitlines()) == 2
        assert apply(host, **joined(process.pid)).changed == []


def test_check_mode_foretells_exactly_what_becomes_of_a_process_that_started_anew(host: Host) -> None:
    def joined(pid: int) -> dict[str, Any]:
        return shop({"namespace": "app", "pid": pid, "published_ports": ["8080:80"]}, "db")

    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        in_one(host, joined(process.pid))
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        before = host.dump()
        foretold = in_one(host, joined(process.pid), check=True)
        assert before.changes_to(host.dump()) == []
        done = in_one(host, joined(process.pid))
        assert (foretold["changed"], foretold["diff"]) == (True, done["diff"])
        assert not any("incomplete" in warning for warning in foretold["warnings"])
        assert not in_one(host, joined(process.pid))["changed"]


def test_check_mode_says_where_it_is_not_exact_about_a_process_on_two_networks(host: Host) -> None:
    """In check mode, the second does not see what the first would do inside."""

    def joined(pid: int) -> dict[str, Any]:
        second = {"namespace": "app", "pid": pid, "interface": "eth1", "default_route": False}
        return {"aggregate": [shop({"namespace": "app", "pid": pid}), {**BACK, "endpoints": [second]}]}

    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        host.module("bridge_network", joined(process.pid))
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        foretold = host.module("bridge_network", joined(process.pid), check=True)
        done = host.module("bridge_network", joined(process.pid))
        headers = [{one["after_header"] for one in result["diff"]} for result in (foretold, done)]
        assert headers[0] >= headers[1]
        assert any("incomplete" in warning for warning in foretold["warnings"])
        assert not host.module("bridge_network", joined(process.pid))["changed"]


@pytest.mark.long
def test_a_network_card_becomes_a_port_and_is_let_go(host: Host) -> None:
    host.sh("ip link add eth1 type veth peer far && ip link set far up && ip addr add 172.18.0.7/16 dev eth1")
    with pytest.raises(LinuxnetError, match=r"bridge_network_ports\[0\]: 'eth1' has addresses"):
        apply(host, **shop("web", ports=["eth1"]))
    done = become(host, **shop("web", ports=["eth1"], ports_force=True))
    assert addresses(done)["web"][0] == "172.18.0.2/16"
    assert "172.18.0.7/16" in host.sh("ip addr show eth1")
    host.sh("ip addr flush dev eth1")
    become(host, **shop("web"))
    assert "eth1" not in host.sh("ip -o link show master br-shop")


def test_a_network_card_is_let_go_though_it_was_renamed(host: Host) -> None:
    """Also from a foreign bridge, which stays."""
    host.sh("ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up")
    host.sh("ip link add eth1 type veth peer far; ip link set far up")
    become(host, name="docker0", external=True, ipam_config=[{"subnet": "172.17.0.0/16"}], endpoints=[], ports=["eth1"])
    assert "eth1" in host.sh("ip -o link show master docker0")
    host.sh("ip link set eth1 down; ip link set eth1 name lan7; ip link set lan7 up")
    remove(host, "docker0")
    assert host.sh("ip -o link show master docker0") == ""
    assert "lan7" in host.sh("ip -o link show")
    assert not host.exists("/run/linuxnet")


@pytest.mark.long
def test_a_foreign_port_is_left_and_named(host: Host) -> None:
    become(host, **shop("web"))
    host.sh("ip link add tap7 type veth peer tap8 && ip link set tap7 master br-shop")
    assert any("tap7" in warning for warning in apply(host, **shop("web")).plan["warnings"])
    removed = remove(host)
    assert any("tap7" in warning for warning in removed.plan["warnings"])
    assert host.sh("ip -o link show tap7")


@pytest.mark.long
def test_given_addresses_names_and_macs_are_exchanged(host: Host) -> None:
    def pair(one: str, other: str, name: str) -> dict[str, Any]:
        return shop(
            {"namespace": "web", "ipv4_address": one, "mac_address": "02:00:00:00:00:01", "host_interface": name},
            {"namespace": "db", "ipv4_address": other},
        )

    become(host, **pair("172.18.0.5", "172.18.0.6", "one"))
    become(host, exact=False, **pair("172.18.0.6", "172.18.0.5", "two"))
    assert host.inside("web").reaches("172.18.0.5")
    assert "two" in host.sh("ip -o link show master br-shop")
    assert "one" not in host.sh("ip -o link show master br-shop")


@pytest.mark.long
def test_sysctls_and_routes_inside(host: Host) -> None:
    endpoint = {
        "namespace": "web",
        "sysctls": {"net.ipv4.ip_unprivileged_port_start": 80, "net.ipv4.conf.IFNAME.arp_notify": 1},
        "routes": [{"to": "10.0.0.0/8", "via": "172.18.0.10"}, {"to": "192.0.2.0/24", "type": "blackhole"}],
    }
    become(host, **shop(endpoint, {"namespace": "db", "ipv4_address": "172.18.0.10"}))
    web = host.inside("web")
    assert "10.0.0.0/8 via 172.18.0.10" in web.sh("ip route")
    assert web.sh("cat /proc/sys/net/ipv4/conf/eth0/arp_notify").strip() == "1"
    become(host, **shop("web", {"namespace": "db", "ipv4_address": "172.18.0.10"}))
    assert "10.0.0.0/8" not in web.sh("ip route")
