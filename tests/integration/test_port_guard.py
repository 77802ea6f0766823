# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module port_guard and the guard of networks, on a real kernel: life, drift and promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import port_guards
from tests.integration.promises import converge, refused, repairs
from tests.integration.rule_hosts import NATIVE, use_backend, without_nft
from tests.lab import modules
from tests.lab.host import Host
from tests.lab.place import Place

MAC, OTHER_MAC = "02:00:00:00:00:05", "02:00:00:00:00:06"
WEB: dict[str, Any] = {
    "interface": "p-web",
    "mac_addresses": [MAC],
    "addresses": ["172.18.0.2", "fd00:18::2", "fe80::ff:fe00:5"],
}
DB: dict[str, Any] = {**WEB, "interface": "p-db", "mac_addresses": [OTHER_MAC], "addresses": ["172.18.0.3"]}
BOTH: dict[str, Any] = {"aggregate": [WEB, DB]}
TABLE = "bridge linuxnet"
NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web", "host_interface": "vweb"}, {"namespace": "db", "host_interface": "vdb"}],
}


def _ports(host: Place) -> list[str]:
    """The guarded ports."""
    done = host.run(["nft", "-j", "list", "map", "bridge", "linuxnet", "ports"], check=False)
    if done.rc:
        return []
    (found,) = [one["map"] for one in json.loads(done.out)["nftables"] if "map" in one]
    return sorted(key["elem"]["val"] for key, _verdict in found.get("elem", ()))


def _addresses(host: Host, port: str) -> list[str]:
    """What may be sent through a port, of both families."""
    found = []
    for name in ("addresses4", "addresses6"):
        told = json.loads(host.run(["nft", "-j", "list", "set", "bridge", "linuxnet", name]).out)
        (one,) = [entry["set"] for entry in told["nftables"] if "set" in entry]
        pairs = [element["elem"]["val"]["concat"] for element in one.get("elem", ())]
        found += [address for end, address in pairs if end == port]
    return sorted(found)


def test_they_come_and_go(host: Host) -> None:
    empty = host.dump()
    done = converge(host, "port_guard", BOTH)
    assert done["diff"][0]["after"] == {**{word: WEB[word] for word in WEB if word != "interface"}, "other_ports": []}
    assert _ports(host) == ["p-db", "p-web"]
    converge(host, "port_guard", {**WEB, "addresses": ["172.18.0.2"], "other_ports": ["p-else"]})
    assert _addresses(host, "p-web") == _addresses(host, "p-else") == ["172.18.0.2"]
    converge(host, "port_guard", {"interface": "p-web", "state": "absent"})
    assert _ports(host) == ["p-db"]
    converge(host, "port_guard", {"interface": "p-web", "state": "absent"}, changed=False)
    converge(host, "port_guard", {"interface": "p-db", "state": "absent"})
    assert empty.changes_to(host.dump()) == []


def test_in_another_namespace(host: Host) -> None:
    host.sh("ip netns add router")
    empty = host.dump()
    converge(host, "port_guard", {**WEB, "netns": "router"})
    assert (_ports(host), _ports(host.inside("router"))) == ([], ["p-web"])
    converge(host, "port_guard", {"interface": "p-web", "netns": "router", "state": "absent"})
    assert empty.changes_to(host.dump()) == []


DAMAGES = {
    "the table": f"nft delete table {TABLE}",
    "everything": "nft flush ruleset",
    "all rules": f"nft flush table {TABLE}",
    "a chain": f"nft flush chain {TABLE} guarded-arp",
    "a rule more": f"nft insert rule {TABLE} guarded accept",
    "another rule": f"nft replace rule {TABLE} prerouting handle $(nft -a list chain {TABLE} prerouting |"
    " sed -n 's/.*@ports.*handle //p') iifname vmap @ports comment mine",
    "a chain for nothing": f"nft flush chain {TABLE} prerouting; nft delete chain {TABLE} prerouting",
    "a chain about cards": f"nft flush chain {TABLE} forward",
    "a chain about cards, elsewhere": f"nft flush chain {TABLE} forwarded; nft delete chain {TABLE} forwarded; nft"
    f" 'add chain {TABLE} forwarded {{ type filter hook forward priority 7; }}'",
    "its priority": f"nft flush chain {TABLE} prerouting; nft delete chain {TABLE} prerouting; nft"
    f" 'add chain {TABLE} prerouting {{ type filter hook prerouting priority 7; }}';"
    f" nft add rule {TABLE} prerouting iifname vmap @ports comment linuxnet",
    "asleep": f"nft 'add table {TABLE} {{ flags dormant; }}'",
    "its policy": f"nft 'chain {TABLE} prerouting {{ policy drop; }}'",
    "a port": f"nft 'delete element {TABLE} ports {{ \"p-web\" }}'",
    "a MAC address": f"nft 'delete element {TABLE} macs {{ \"p-web\" . {MAC} }}'",
    "an address": f"nft 'delete element {TABLE} addresses6 {{ \"p-web\" . fd00:18::2 }}'",
    "a target": f"nft 'delete element {TABLE} targets {{ \"p-web\" . 0xfd000018000000000000000000000002 }}'",
    "an address more": f"nft 'add element {TABLE} addresses4 {{ \"p-web\" . 172.18.0.3 }}'",
    "an address more in its name": f"nft 'add element {TABLE} addresses4"
    ' { "p-web" . 172.18.0.3 comment "linuxnet-guard-default p-web" }\'',
    "a comment": f"nft 'delete element {TABLE} macs {{ \"p-web\" . {MAC} }}';"
    f' nft \'add element {TABLE} macs {{ "p-web" . {MAC} comment "mine" }}\'',
    "the record": "rm /run/linuxnet/nftables/*",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_drift_is_found_and_repaired(host: Host, damage: str) -> None:
    host.module("port_guard", BOTH)
    repairs(host, "port_guard", BOTH, DAMAGES[damage])


def test_ports_of_others_are_theirs(host: Host) -> None:
    host.module("port_guard", {**WEB, "owner": "shop"})
    refused(host, "port_guard", WEB, "port p-web is guarded by owner shop; remove that first, or pass owner: shop")
    gone = {"interface": "p-web", "state": "absent"}
    refused(host, "port_guard", gone, "port p-web is guarded by owner shop")
    host.module("port_guard", DB)
    assert _ports(host) == ["p-db", "p-web"]
    host.module("port_guard", {**gone, "owner": "shop"})
    assert _ports(host) == ["p-db"]


def test_bad_input(host: Host) -> None:
    refused(host, "port_guard", {**WEB, "mac_addresses": []}, "mac_addresses")
    refused(host, "port_guard", {**WEB, "mac_addresses": ["nonsense"]}, "mac_addresses[0]: 'nonsense'")
    refused(host, "port_guard", {**WEB, "addresses": None}, "addresses")
    refused(host, "port_guard", {**WEB, "addresses": ["224.0.0.1"]}, "addresses[0]: '224.0.0.1'")
    refused(host, "port_guard", {**WEB, "other_ports": ["p-web"]}, "other_ports: 'p-web'")
    host.sh("ip link add p0 type veth peer p1; ip link property add dev p0 altname p-web")
    refused(host, "port_guard", WEB, "'p-web' is an alternative name of interface p0")


def test_without_nft(host: Host) -> None:
    without_nft(host)
    told = converge(host, "port_guard", WEB, changed=False)
    assert ["install nftables" in str(line) for line in told["warnings"]] == [True]
    converge(host, "port_guard", {"interface": "p-web", "state": "absent"}, changed=False)


def test_nft_that_went_away(host: Host) -> None:
    host.module("port_guard", BOTH)
    without_nft(host)
    converge(host, "port_guard", BOTH, changed=False)
    refused(host, "port_guard", {"interface": "p-web", "state": "absent"}, "nft is not installed")


#: A family that the kernel knows by name, but has no nftables for.
_DECNET = 12


def _without_bridges(name: str, want: dict[str, Any]) -> dict[str, Any]:
    """A module's result where the kernel answers about bridges as it does about that family."""
    nftables_chains.NUMBERS[port_guards.FAMILY] = _DECNET
    return modules.run_main(name, want, check=False, diff=True)


@pytest.mark.parametrize("firewall", ["auto", "nftables"])
def test_a_kernel_without_nftables_for_bridges(host: Host, firewall: str) -> None:
    """What the network has beside that is made, whichever firewall it uses."""
    before = host.sh("nft list ruleset")
    sentence = "this kernel has no nftables for bridges (NF_TABLES_BRIDGE), so an endpoint can tell other endpoints"
    told = host.call(_without_bridges, "port_guard", WEB)
    assert (told["changed"], [sentence in str(line) for line in told["warnings"]]) == (False, [True])
    assert host.sh("nft list ruleset") == before
    told = host.call(_without_bridges, "bridge_network", {**NETWORK, "firewall": firewall}, timeout=120)
    assert not told.get("failed"), told
    assert sum(sentence in str(line) for line in told["warnings"]) == 1
    assert host.inside("web").reaches("172.18.0.1")
    assert _ports(host) == []
    host.module("bridge_network", {**NETWORK, "firewall": firewall})
    assert _ports(host) == ["vdb", "vweb"]


@pytest.fixture(params=["nft", NATIVE])
def backed(host: Host, request: pytest.FixtureRequest) -> Host:
    """A host with either firewall."""
    use_backend(host, request.param)
    return host


def _apply(host: Host, want: dict[str, Any]) -> None:
    """Check mode foretells the run, and a second one finds nothing to do."""
    foretold, done = host.module("bridge_network", want, check=True), host.module("bridge_network", want)
    assert (foretold["changed"], foretold["diff"]) == (True, done["diff"])
    again = host.module("bridge_network", want)
    assert (again["changed"], again["diff"]) == (False, [])


def _network(host: Host, **changed: Any) -> dict[str, Any]:
    return {**NETWORK, "firewall": host.firewall, **changed}


def test_a_network_guards_its_endpoints(backed: Host) -> None:
    host, want = backed, _network(backed)
    empty = host.dump()
    _apply(host, want)
    assert _ports(host) == ["vdb", "vweb"]
    assert _addresses(host, "vweb") == ["172.18.0.2"]
    for damage in (f"nft delete table {TABLE}", f"nft flush chain {TABLE} guarded"):
        host.sh(damage)
        _apply(host, want)
    web, db = want["endpoints"]
    _apply(host, {**want, "endpoints": [web, {**db, "guard": False}]})
    assert _ports(host) == ["vweb"]
    _apply(host, {**want, "endpoints": [web]})
    _apply(host, {**want, "endpoints": [{**web, "addresses": ["172.18.0.9"]}]})
    assert _addresses(host, "vweb") == ["172.18.0.2", "172.18.0.9"]
    both = {"ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]}
    host.module("bridge_network", {**want, **both})
    assert [address for address in _addresses(host, "vweb") if not address.startswith("fe80::")] == [
        "172.18.0.2",
        "fd00:18::2",
    ]
    (own,) = host.inside("web").ip("address", "show", "eth0")
    assert {one["local"] for one in own["addr_info"]} == set(_addresses(host, "vweb"))
    host.module("bridge_network", {"name": "br0", "state": "absent"})
    left = [line for line in empty.changes_to(host.dump()) if "guarded ports" in line or "/run/linuxnet" in line]
    assert left == []


def test_endpoints_that_stay_keep_theirs(backed: Host) -> None:
    host, want = backed, _network(backed)
    web, db = want["endpoints"]
    _apply(host, {**want, "endpoints": [web]})
    _apply(host, {**want, "endpoints": [db], "appends": True})
    assert _ports(host) == ["vdb", "vweb"]
    _apply(host, {**want, "endpoints": [{**db, "guard": False}], "appends": True})
    assert _ports(host) == ["vweb"]
    _apply(host, {**want, "endpoints": [{**db, "host_interface": "vnew"}], "appends": True})
    assert _ports(host) == ["vnew", "vweb"]


def test_a_network_keeps_them_when_it_moves_to_the_other_firewall(host: Host) -> None:
    host.module("bridge_network", NETWORK)
    before = host.run(["nft", "list", "table", "bridge", "linuxnet"]).out
    for firewall in ("nftables", "iptables"):
        host.module("bridge_network", {**NETWORK, "firewall": firewall})
        assert host.run(["nft", "list", "table", "bridge", "linuxnet"]).out == before


def test_endpoints_of_an_external_bridge(host: Host) -> None:
    host.sh("ip link add br0 type bridge; ip address add 172.18.0.1/16 dev br0; ip link set br0 up")
    subnets = [{"subnet": "172.18.0.0/16", "iprange": "172.18.7.0/24"}]
    want = {**NETWORK, "external": True, "ipam_config": subnets}
    _apply(host, want)
    assert _ports(host) == ["vdb", "vweb"]
    host.module("bridge_network", {"name": "br0", "state": "absent"})
    assert _ports(host) == []
