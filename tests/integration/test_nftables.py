# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in a table of nftables of our own, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply
from tests.integration.promises import converge, refused, repairs
from tests.integration.rule_hosts import NETWORK, SOURCES, add_network, without_iptables
from tests.lab.host import Host

NFT = {"firewall": "nftables"}
#: Each with what all kinds of it need: sets, rules, and rules that stand in for elements.
PORTS: dict[str, Any] = {
    "owner": "shop",
    "out_interface": "br0",
    "to_address": "172.18.0.2",
    **NFT,
    "aggregate": [
        {"host_port": "8080", "to_port": "80"},
        {"host_port": "9000-9009"},
        {"host_port": "5000-5002", "to_port": "6000-6002", "protocol": "udp"},
        {"host_port": "8081", "to_port": "81", "host_ip": "127.0.0.1"},
        {"host_port": "7000-7009", "host_ip": "192.0.2.1"},
        {"host_port": "8085", "to_port": "80", "in_interface": "!eth0"},
        {"host_port": "8086-8087", "to_port": "86-87", "in_interface": "eth0", "host_ip": "192.0.2.1"},
        {"host_port": "8080", "to_port": "80", "to_address": "fd00:18::2"},
        {"host_port": "8085", "to_port": "80", "to_address": "fd00:18::2", "in_interface": "eth0"},
    ],
}
OPENED: dict[str, Any] = {
    "owner": "shop",
    "out_interface": "br0",
    "to_address": "172.18.0.2",
    "gateway_mode": "routed",
    **NFT,
    "aggregate": [
        {"host_port": "8080", "to_port": "80"},
        {"host_port": "8081", "to_port": "80"},
        {"host_port": "8070-8089", "to_port": "70-89"},
        {"host_port": "8090", "to_port": "90", "in_interface": "eth0"},
    ],
}
NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "everything": {
        "trusted_interfaces": ["wg0", "eth9"],
        "answers_by": [{"interface": "br1", "addresses": ["172.18.0.2"], "mac_address": "02:00:00:00:00:02"}],
        "neighbours": [{"address": "172.18.0.2", "mac_address": "02:00:00:00:00:02"}],
        "masquerade_protocols": "all",
        "icc": False,
    },
    "internal": {"internal": True},
    "routed": {"gateway_mode": "routed", "gateway_mode_ipv6": "nat-unprotected"},
    "no translation": {"masquerade": False, "inhibit_gateway": True},
    "dropping": {"forward_policy": "drop"},
    "one family": {"ip_version": "ipv4", "subnets": ["172.18.0.0/16"]},
}


@pytest.fixture
def bridged(host: Host) -> Host:
    """With what networks need, by hand."""
    host.sh("ip link add eth0 type veth peer name peer")
    for name in ("eth0", "peer"):
        host.sysctl(f"net/ipv6/conf/{name}/disable_ipv6", 1)
    host.sh("ip addr add 192.0.2.1/24 dev eth0; ip link set eth0 up")
    add_network(host)
    return host


def _table(host: Host) -> str:
    return host.sh("nft list table inet linuxnet", check=False)


@pytest.mark.long
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_changes_and_goes(bridged: Host, name: str) -> None:
    empty = bridged.dump(counters=True)
    network = {**NETWORK, **NFT, **NETWORKS[name]}
    done = converge(bridged, "bridge_forward", network)
    assert [entry["before"] for entry in done["diff"]] == [{}]
    assert "iifname vmap @sender" in _table(bridged)
    assert "LINUXNET" not in bridged.sh("iptables-save; ip6tables-save")
    other = {**NETWORK, **NFT, "masquerade": False, "gateway_mode": "nat"}
    if name == "one family":
        other |= {"ip_version": "ipv4", "subnets": network["subnets"]}
    (change,) = converge(bridged, "bridge_forward", other)["diff"]
    assert change["before"] and change["before"] != change["after"]
    bridged.module("bridge_forward", network)
    (change,) = converge(bridged, "bridge_forward", {**network, "state": "absent"})["diff"]
    assert change["after"] == {}
    assert _table(bridged) == ""
    bridged.sh("sysctl -qw net.ipv6.conf.br0.accept_ra=1")
    assert empty.changes_to(bridged.dump(counters=True)) == []


@pytest.mark.parametrize("ports", [PORTS, OPENED], ids=["translated", "opened"])
@pytest.mark.long
def test_ports_come_and_go(bridged: Host, ports: dict[str, Any]) -> None:
    empty = bridged.dump(counters=True)
    done = converge(bridged, "dnat", ports)
    assert [entry["before"] for entry in done["diff"]] == [{}] * len(ports["aggregate"])
    moved = {**ports, "aggregate": [{**ports["aggregate"][0], "to_address": "172.18.0.3"}]}
    if ports is PORTS:
        (change,) = converge(bridged, "dnat", moved)["diff"]
        assert (change["before"]["to_address"], change["after"]["to_address"]) == ("172.18.0.2", "172.18.0.3")
        converge(bridged, "dnat", ports)
    converge(bridged, "dnat", {**ports, "state": "absent"})
    assert empty.changes_to(bridged.dump(counters=True)) == []


@pytest.mark.long
def test_sources_come_change_and_go(bridged: Host) -> None:
    empty = bridged.dump(counters=True)
    converge(bridged, "masquerade", {**SOURCES, **NFT})
    wide = {"source": "0.0.0.0/0", "out_interface": "eth0", "to_source": "192.0.2.1", "random_fully": True}
    converge(bridged, "masquerade", {**wide, "owner": "all", **NFT})
    lines = [line.split(" comment")[0].strip() for line in _table(bridged).splitlines() if "linuxnet-masq" in line]
    assert lines[1::2] == [
        'ip saddr 172.18.0.0/16 oifname != "br0" masquerade',
        'meta nfproto ipv4 oifname "eth0" snat ip to 192.0.2.1 fully-random',
        'ip6 saddr fd00:18::/64 oifname != "br0" masquerade',
    ], "the narrower one comes first"
    plain = {"source": "0.0.0.0/0", "out_interface": "eth0", "owner": "all", **NFT}
    (change,) = converge(bridged, "masquerade", plain)["diff"]
    assert change["before"] == {"to_source": "192.0.2.1", "random_fully": True}
    refused(bridged, "masquerade", {**plain, "owner": "shop"}, "already translated by owner all")
    converge(bridged, "masquerade", {**plain, "state": "absent"})
    converge(bridged, "masquerade", {**SOURCES, "state": "absent"})
    assert empty.changes_to(bridged.dump(counters=True)) == []


DAMAGE = {
    "a rule more": "nft add rule inet linuxnet forward accept",
    "a rule first": "nft insert rule inet linuxnet to-br0 accept",
    "a rule twice": 'nft add rule inet linuxnet forward iifname @bridges accept comment "linuxnet"',
    "a chain flushed": "nft flush chain inet linuxnet from-br0",
    "a shared chain flushed": "nft flush chain inet linuxnet senders",
    "a constant rule": "nft flush chain inet linuxnet input",
    "an element": "nft delete element inet linuxnet sender '{ \"br0\" }'",
    "an element more": "nft add element inet linuxnet bridges '{ \"eth9\" }'",
    "an element that leads elsewhere": "nft delete element inet linuxnet receiver '{ \"br0\" }';"
    " nft add element inet linuxnet receiver '{ \"br0\" : goto from-br0 }'",
    "a set flushed": "nft flush set inet linuxnet bridges",
    "a binding": "nft flush set inet linuxnet speaker4",
    "asleep": "nft 'add table inet linuxnet { flags dormant; }'",
    "the policy": "nft chain inet linuxnet forward '{ policy drop; }'",
    "the priority": "nft flush chain inet linuxnet input; nft delete chain inet linuxnet input;"
    " nft add chain inet linuxnet input '{ type filter hook input priority 10; }'",
    "the whole table": "nft delete table inet linuxnet",
    "all rules of the host": "nft flush ruleset",
    "the record": "rm /run/linuxnet/nftables/*",
}

OF_EVERYBODY = (
    "a shared chain flushed",
    "a set flushed",
    "a binding",
    "the whole table",
    "all rules of the host",
    "the record",
)


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGE)
def test_drift_is_repaired_and_nothing_else(bridged: Host, damage: str) -> None:
    network = {**NETWORK, **NFT, "neighbours": NETWORKS["everything"]["neighbours"]}
    bridged.module("bridge_forward", {**network, "bridge": "br9", "owner": "other", "subnets": ["172.29.0.0/16"]})
    bridged.module("bridge_forward", network)
    if damage in OF_EVERYBODY:
        # Another network has to be applied again by itself.
        bridged.module("bridge_forward", {"bridge": "br9", "owner": "other", "state": "absent"})
    healthy = sorted(_table(bridged).splitlines())
    done = repairs(bridged, "bridge_forward", network, DAMAGE[damage])
    assert len(done["diff"]) == 1
    assert sorted(_table(bridged).splitlines()) == healthy


@pytest.mark.long
def test_a_rule_that_was_changed_is_shown_as_it_is_now(bridged: Host) -> None:
    """Not only that it is another one. Where nft cannot list the table, the diff says so."""
    network = {**NETWORK, **NFT}
    bridged.module("bridge_forward", network)
    listed = bridged.sh("nft --handle list chain inet linuxnet to-br0")
    (handle,) = [line.split()[-1] for line in listed.splitlines() if "ipv4 fib saddr type local drop" in line]
    mine = 'ip saddr 192.0.2.7 counter accept comment "by hand"'
    damage = f"nft 'replace rule inet linuxnet to-br0 handle {handle} {mine}'"
    done = repairs(bridged, "bridge_forward", network, damage)
    rules = {
        word: [line for line in done["diff"][0][word]["rules"] if "to-br0" in line] for word in ("before", "after")
    }
    assert rules == {
        "before": ["chain to-br0: ip saddr 192.0.2.7 counter accept (not recorded)"],
        "after": ["chain to-br0: meta nfproto ipv4 fib saddr type local drop"],
    }
    bridged.sh("nft add rule inet linuxnet to-br0 accept")
    bridged.sh(
        "printf '#!/bin/sh\nexit 1\n' >/tmp/nft; chmod +x /tmp/nft; mount --bind /tmp/nft $(readlink -f /usr/sbin/nft)"
    )
    told = bridged.module("bridge_forward", network, check=True)["diff"][0]["before"]["rules"]
    assert told == ["chain to-br0: a rule that was changed, which nft does not list"]


PORT_DAMAGE = {
    "an element": "nft delete element inet linuxnet port4 '{ tcp . 8080 }'",
    "one of a range": "nft delete element inet linuxnet port4 '{ udp . 5001 }'",
    "another target": "nft delete element inet linuxnet port4 '{ tcp . 8080 }';"
    " nft add element inet linuxnet port4 '{ tcp . 8080 : 9.9.9.9 . 80 }'",
    "a rule": "nft flush chain inet linuxnet published",
    "a map flushed": "nft flush map inet linuxnet range4",
    "the way there": "nft flush chain inet linuxnet nat-output",
}


@pytest.mark.long
@pytest.mark.parametrize("damage", PORT_DAMAGE)
def test_drift_of_ports_is_repaired_and_nothing_else(bridged: Host, damage: str) -> None:
    bridged.module("dnat", PORTS)
    repairs(bridged, "dnat", PORTS, PORT_DAMAGE[damage])


@pytest.mark.long
def test_a_network_moves_to_the_other_firewall_and_back(host: Host) -> None:
    add_network(host, endpoints=())
    host.sh("ip link set br0 down")  # whose multicast memberships would be counted
    calls: list[tuple[str, dict[str, Any]]] = [
        ("bridge_forward", NETWORK),
        ("masquerade", SOURCES),
        ("dnat", {key: value for key, value in PORTS.items() if key != "firewall"}),
    ]
    for module, options in calls:
        host.module(module, options)
    before = host.dump(counters=False)
    for module, options in calls:
        done = converge(host, module, {**options, **NFT})
        assert all(entry["before"] and entry["after"] for entry in done["diff"])
    assert "LINUXNET-DNAT" not in host.sh("iptables-save; ip6tables-save")
    for module, options in calls:
        converge(host, module, options, changed=False)  # auto keeps what the owner has
    for module, options in calls:
        converge(host, module, {**options, "firewall": "iptables"})
    assert _table(host) == ""
    assert before.changes_to(host.dump(counters=False)) == []


@pytest.mark.parametrize(
    ("chain", "kind"),
    [
        ("input", "bridge_forward"),
        ("nat-hairpin", "bridge_forward"),
        ("nat-postrouting", "masquerade"),
        ("nat-output", "dnat"),
    ],
)
def test_of_what_all_share_each_kind_repairs_its_own(host: Host, chain: str, kind: str) -> None:
    """So that check mode foretells no more than what is done."""
    network = {"name": "shop", "ipam_config": [{"subnet": "172.19.0.0/16"}], "firewall": "nftables"}
    want = {**network, "endpoints": [{"namespace": "app", "published_ports": ["8080:80"]}]}
    host.module("bridge_network", want)
    host.sh(f"nft flush chain inet linuxnet {chain}")
    foretold = host.module("bridge_network", want, check=True)
    done = host.module("bridge_network", want)
    assert foretold["diff"] == done["diff"]
    assert [one["before_header"].split()[0] for one in done["diff"]] == [kind]
    assert not host.module("bridge_network", want)["changed"]


def test_the_record_of_a_deleted_namespace_goes_with_the_next_run(host: Host) -> None:
    """Of whatever namespace that is; the records of others stay."""
    for name in ("one", "two"):
        host.sh(f"ip netns add {name}; ip -n {name} link add br0 type bridge")
        host.module("bridge_forward", {**NETWORK, **NFT, "netns": name})
    inodes = [host.sh(f"stat --format %i /run/netns/{name}").strip() for name in ("one", "two")]
    assert sorted(host.sh("ls /run/linuxnet/nftables").split()) == sorted(inodes)
    host.sh("ip netns delete one")
    absent = {"bridge": "br9", "owner": "other", "state": "absent"}
    host.module("bridge_forward", absent, check=True)
    assert sorted(host.sh("ls /run/linuxnet/nftables").split()) == sorted(inodes)
    host.module("bridge_forward", absent)
    assert host.sh("ls /run/linuxnet/nftables").split() == inodes[1:]
    host.sh("ip netns exec two nft delete table inet linuxnet")
    host.module("bridge_forward", {**NETWORK, "netns": "two", "state": "absent"})
    assert not host.exists("/run/linuxnet")


def test_a_host_that_forwards_nothing_else_has_no_warning_of_that(bridged: Host) -> None:
    forward = {"ip_version": "ipv4", "state": "enabled"}
    bridged.module("bridge_forward", {**NETWORK, **NFT, "forward_policy": "drop"})
    assert "warnings" not in bridged.module("ip_forward", forward)
    bridged.module("bridge_forward", {**NETWORK, **NFT})
    bridged.sysctl("net/ipv4/ip_forward", 0)
    assert "routes between" in json.dumps(bridged.module("ip_forward", forward)["warnings"])


def test_a_host_without_iptables(bridged: Host) -> None:
    without_iptables(bridged)
    network: dict[str, Any] = {"name": "shop", "ipam_config": [{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}]}
    network["endpoints"] = [{"namespace": "app", "published_ports": ["8080:80"]}]
    done = bridged.module("bridge_network", network)
    assert done["changed"]
    assert not [told for told in done["warnings"] if "not installed" in told]
    assert not bridged.module("bridge_network", network, check=True)["changed"]
    told = bridged.module("netns_info", {})
    kinds = {rule["kind"] for rule in told["host"]["rules"]}
    assert kinds == {"forward", "masquerade", "dnat", "guard"}
    assert bridged.module("bridge_network", {"name": "shop", "state": "absent"})["changed"]
    assert json.loads(bridged.sh("nft -j list tables"))["nftables"][1:] == []


def test_a_network_in_iptables_has_no_part_in_what_others_share_in_nftables(host: Host) -> None:
    """The other network publishes no port, so what all ports share is not there."""
    shop = {**SHOP, "firewall": "iptables"}
    made = apply(host, **shop)
    assert "dnat" in made.changed
    apply(host, **{**SHOP, "name": "br-back", "ipam_config": [{"subnet": "172.19.0.0/24"}], "endpoints": []},
          firewall="nftables")  # fmt: skip
    assert apply(host, **shop).changed == []
    assert apply(host, **shop, check=True).changed == []


@pytest.mark.usefixtures("wan", "neighbour", "outside")
def test_tables_of_iptables_that_appear_later_cost_the_network_nothing_after_the_next_run(host: Host) -> None:
    network = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": [{"namespace": "web"}], **NFT}
    host.module("bridge_network", network)
    web = host.inside("web")
    assert "LINUXNET" not in host.sh("nft list ruleset")
    assert web.reaches("198.51.100.1")
    host.sh("iptables -P FORWARD DROP; ip6tables -P FORWARD DROP")
    assert not web.reaches("198.51.100.1")
    converge(host, "bridge_network", network)
    assert web.reaches("198.51.100.1")
