# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding endpoints takes nothing away from those that stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import Applied, apply
from tests.integration.persistence import program, rebooted
from tests.lab.host import Host
from tests.lab.lab import Lab

FRONT: dict[str, Any] = {
    "name": "br1",
    "ipam_config": [{"subnet": "172.19.0.0/16"}],
    "endpoints": [{"namespace": "web", "interface": "eth1"}],
}
WEB: dict[str, Any] = {"namespace": "web", "default_route": False, "published_ports": ["8080:80"]}
BACK: dict[str, Any] = {"name": "br-shop", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": [WEB]}
DB: dict[str, Any] = {"namespace": "db"}
#: One namespace with two interfaces on one network.
SECOND: dict[str, Any] = {"namespace": "web", "interface": "eth1", "default_route": False}
PAIR: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [{"namespace": "web"}, SECOND],
}


def _answers(host: Host, neighbour: Host, address: str) -> bool:
    with host.inside("web").server(80):
        return neighbour.ask(address, 8080) is not None


def _add(host: Host, *endpoints: dict[str, Any], **network: Any) -> Applied:
    """Add endpoints to the network: check mode predicts it, and a second run finds nothing to do."""
    want = {**network, "appends": True, "endpoints": list(endpoints)}
    foretold = apply(host, check=True, **want)
    done = apply(host, **want)
    assert (foretold.changed, foretold.diffs) == (done.changed, done.diffs)
    assert apply(host, **want).changed == []
    return done


def _has_the_full_list(host: Host, *endpoints: dict[str, Any], **network: Any) -> bool:
    return apply(host, **{**network, "endpoints": list(endpoints)}).changed == []


@pytest.mark.long
def test_who_answers_by_another_network_goes_on_answering(host: Host, neighbour: Host) -> None:
    apply(host, **FRONT)
    apply(host, **BACK)
    address = str(host.ip("addr", "show", "eth0")[0]["addr_info"][0]["local"])
    assert _answers(host, neighbour, address)
    _add(host, DB, **BACK)
    assert _answers(host, neighbour, address)
    assert _has_the_full_list(host, WEB, DB, **BACK)


@pytest.mark.long
def test_so_does_one_that_is_named_again_without_its_ports(host: Host) -> None:
    """The ports that it has published stay too."""
    apply(host, **FRONT)
    apply(host, **BACK)
    _add(host, {"namespace": "web", "default_route": False}, **BACK)
    assert _has_the_full_list(host, WEB, **BACK)


@pytest.mark.long
def test_it_comes_back_after_a_reboot(lab: Lab, host: Host) -> None:
    for network in (FRONT, BACK):
        apply(host, **network, persistent=True)
    before = host.sh("iptables-save -t mangle")
    assert "-i br1" in before
    _add(host, DB, **BACK, persistent=True)
    assert host.sh("iptables-save -t mangle | grep -c -- '-i br1.*-j RETURN'") == _count(before)
    new = rebooted(lab, host)
    for network in (FRONT, BACK):
        program(new, "up", network["name"])
    assert new.sh("iptables-save -t mangle | grep -c -- '-i br1.*-j RETURN'") == _count(before)


def _count(rules: str) -> str:
    return f"{sum('-i br1' in rule and '-j RETURN' in rule for rule in rules.splitlines())}\n"


@pytest.mark.long
def test_an_address_that_is_published_in_the_subnet_stays_one_to_ask(host: Host) -> None:
    web = {"namespace": "web", "published_ports": ["172.18.0.99:8080:80"]}
    network = {**BACK, "ipam_config": [{"subnet": "172.18.0.0/16", "aux_addresses": {"host": "172.18.0.99"}}]}
    apply(host, **{**network, "endpoints": [web, DB]})
    _add(host, {"namespace": "cache"}, **network)
    assert "--ctorigdst 172.18.0.99" in host.sh("iptables-save -t filter")
    assert _has_the_full_list(host, web, DB, {"namespace": "cache"}, **network)


@pytest.mark.long
def test_the_other_end_of_a_namespace_goes_on_speaking(host: Host) -> None:
    apply(host, **PAIR)
    assert _add(host, SECOND, **PAIR).changed == []
    assert _add(host, {"namespace": "web"}, **PAIR).changed == []


@pytest.mark.long
def test_an_end_that_is_added_speaks_for_the_other_one(host: Host) -> None:
    first = {"namespace": "web", "mac_address": "02:00:00:00:00:77"}
    apply(host, **{**PAIR, "endpoints": [first]})
    _add(host, SECOND, **PAIR)
    assert host.reaches("172.18.0.2")
    assert host.reaches("172.18.0.3"), "it answers by its first end"
    assert _has_the_full_list(host, first, SECOND, **PAIR)


@pytest.mark.long
def test_an_end_that_guards_nothing_is_none_of_the_neighbours(host: Host) -> None:
    first = {"namespace": "web", "guard": False}
    apply(host, **{**PAIR, "endpoints": [first]})
    _add(host, SECOND, **PAIR)
    assert _has_the_full_list(host, first, SECOND, **PAIR)


@pytest.mark.long
def test_an_end_with_another_address_leaves_the_former_one(host: Host) -> None:
    apply(host, **PAIR)
    moved = {**SECOND, "ipv4_address": "172.18.0.9"}
    _add(host, moved, **PAIR)
    assert host.reaches("172.18.0.2")
    assert host.reaches("172.18.0.9"), "it answers by its first end"
    done = apply(host, **{**PAIR, "endpoints": [{"namespace": "web"}, moved]})
    assert "bridge_forward" not in done.changed


@pytest.mark.long
def test_both_ends_come_back_after_a_reboot(lab: Lab, host: Host) -> None:
    network = {**PAIR, "name": "br-shop", "persistent": True}
    apply(host, **network)
    _add(host, SECOND, **network)
    new = rebooted(lab, host)
    program(new, "up", "br-shop")
    assert new.reaches("172.18.0.2")
    assert new.reaches("172.18.0.3")


@pytest.mark.parametrize("listed", [True, False], ids=["with its ports", "without them"])
@pytest.mark.parametrize("mode", ["nat", "routed"])
@pytest.mark.long
def test_an_endpoint_with_another_address_takes_its_ports_along(
    lab: Lab, host: Host, neighbour: Host, mode: str, listed: bool
) -> None:
    """And nothing is left of the old one: no rule, no neighbour entry, nothing that would come back at boot."""
    ports = {"published_ports": ["8080:8080", "8081:8081/udp"]}
    new = {"ipv4_address": "172.18.0.9", "ipv6_address": "fd00:18::9"}
    network = {**PAIR, "name": "br-shop", "gateway_mode": mode, "persistent": True}
    db = {"namespace": "db", "published_ports": ["8082:8080", *(["8080:8080"] if mode == "routed" else [])]}
    apply(host, **{**network, "endpoints": [{"namespace": "web", **ports}, db]})
    _add(host, {"namespace": "web", **new, **(ports if listed else {})}, **network)
    whole = apply(host, **{**network, "endpoints": [db, {"namespace": "web", **new, **ports}]})
    assert set(whole.changed) <= {"network_service"}, "its file tells of a whole list"
    asked = [("192.0.2.1", "2001:db8::1"), ("172.18.0.9", "fd00:18::9")][mode == "routed"]
    with host.inside("web").server(8080):
        assert all(neighbour.ask(address, 8080) for address in asked)
    for former in ("172.18.0.2", "fd00:18::2"):
        assert f"{former} " not in host.sh("ip neigh show dev br-shop nud permanent; ip -6 neigh show nud permanent")
        assert former not in host.sh("iptables-save; ip6tables-save").replace(":80", " ").split()
        assert f'"{former}"' not in host.sh("cat /etc/linuxnet/*.json")


@pytest.mark.long
def test_two_endpoints_exchange_their_addresses(host: Host, neighbour: Host) -> None:
    one = {"namespace": "web", "published_ports": ["8080:80"], "ipv4_address": "172.18.0.2"}
    two = {"namespace": "db", "published_ports": ["8081:80"], "ipv4_address": "172.18.0.3"}
    network = {**BACK, "endpoints": [one, two]}
    apply(host, **network)
    _add(
        host,
        {"namespace": "web", "ipv4_address": "172.18.0.3"},
        {"namespace": "db", "ipv4_address": "172.18.0.2"},
        **BACK,
    )
    for name, port in (("web", 8080), ("db", 8081)):
        with host.inside(name).server(80):
            assert neighbour.ask("192.0.2.1", port) is not None
