# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With nftables, no run starts more than two programs: the rules of all kinds are written by one transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.counting import run_counted
from tests.integration.rule_hosts import forward_everything, without_iptables
from tests.lab import modules
from tests.lab.host import Host

OPTIONS = "/tmp/options.json"
NETWORK: dict[str, Any] = {
    "name": "br0",
    "firewall": "nftables",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
}


#: Where nothing is guarded yet, whether nft can write that is asked once.
VERSION = {"nft --version": 1}


def _endpoints(*ports: str) -> list[dict[str, Any]]:
    return [{"namespace": f"n{port}", "published_ports": [f"{port}:80", f"127.0.0.1:2{port}:80"]} for port in ports]


def _programs(host: Host, **options: Any) -> tuple[bool, dict[str, int]]:
    """Whether the run changed anything, and how often it started each program."""
    host.run(["tee", OPTIONS], stdin=json.dumps({**NETWORK, **options}))
    preload = (*modules.COMMON, modules.code_of("bridge_network"))
    result, counts = host.call(run_counted, "bridge_network", OPTIONS, timeout=300, preload=preload)
    assert not result.get("failed"), result
    return result["changed"], {name: count for name, count in counts.items() if name not in ("process", "netlink")}


def test_one_transaction_for_all_kinds_of_rules(host: Host) -> None:
    without_iptables(host)
    # An endpoint that leaves is guarded until its links are gone.
    one, two = {"nft -f -": 1}, {"nft -f -": 2}
    assert _programs(host, endpoints=_endpoints("8080", "8081")) == (True, {**one, **VERSION})
    assert _programs(host, endpoints=_endpoints("8080", "8081")) == (False, {})
    moved = _endpoints("8080", "8081")
    moved[1]["published_ports"][0] = "9090:80"
    assert _programs(host, endpoints=moved) == (True, one)
    assert _programs(host, endpoints=[*moved, *_endpoints("8082")]) == (True, one)
    assert _programs(host, endpoints=moved[:1]) == (True, two)
    host.sh("nft delete table inet linuxnet")
    assert _programs(host, endpoints=moved[:1]) == (True, one)
    # Ports go before the links, and what keeps strangers out after them.
    assert _programs(host, state="absent") == (True, two)
    assert "linuxnet" not in host.sh("nft list ruleset")


#: In place of nft: notes the ends of pairs that are there, and what is to be changed, before it is.
_NOTING = """\
#!/bin/sh
case "$*" in "-f -") cat >/tmp/text; ip -br link show type veth >>/tmp/moments; cat /tmp/text >>/tmp/moments
    echo end >>/tmp/moments; exec /tmp/nft -f /tmp/text ;; esac
exec /tmp/nft "$@"
"""


def _moments(host: Host, *names: str) -> list[str]:
    """The network is applied with these endpoints: what each transaction meets and does."""
    host.write("/tmp/moments", "")
    host.module("bridge_network", {**NETWORK, "endpoints": [{"namespace": name} for name in names]})
    return host.read("/tmp/moments").split("end\n")[:-1]


def test_a_port_is_guarded_before_it_is_there_and_until_it_is_gone(host: Host) -> None:
    without_iptables(host)
    host.write("/tmp/noting", _NOTING)
    host.sh("cp $(readlink -f $(command -v nft)) /tmp/nft; chmod +x /tmp/noting /tmp/nft")
    host.sh("mount --bind /tmp/noting $(readlink -f $(command -v nft))")
    (build,) = _moments(host, "web", "db")
    assert "add element bridge linuxnet ports" in build
    assert "veth" not in build.partition("add ")[0]
    stays = next(line.split("@")[0] for line in host.sh("ip -br link show type veth").splitlines())
    first, last = _moments(host, "web")
    assert "bridge linuxnet" not in first, "the one that leaves is guarded"
    assert first.count("@if") == 2
    assert "delete element bridge linuxnet ports" in last
    assert last.count("@if") == 1, f"of {stays} and another one, one is gone"


def _together(host: Host, *networks: dict[str, Any]) -> tuple[bool, dict[str, int]]:
    """Several networks in one call."""
    return _programs(host, name=None, ipam_config=None, aggregate=list(networks))


def _numbered(number: int, *endpoints: dict[str, Any]) -> dict[str, Any]:
    subnets = [{"subnet": f"172.{number}.0.0/16"}, {"subnet": f"fd00:{number}::/64"}]
    return {"name": f"br{number}", "ipam_config": subnets, "endpoints": list(endpoints)}


def test_one_transaction_for_all_networks_of_a_call(host: Host) -> None:
    """Also of those that share a namespace."""
    without_iptables(host)
    shared = {"namespace": "web", "published_ports": ["8080:80", "127.0.0.1:8081:80"]}
    back = [
        {"namespace": "web", "interface": "eth1", "default_route": False},
        {"namespace": "db", "published_ports": ["5432:5432"]},
    ]
    networks = [_numbered(18, shared), _numbered(19, *back), _numbered(20, {"namespace": "app"})]
    one, two = {"nft -f -": 1}, {"nft -f -": 2}
    assert _together(host, *networks) == (True, {**one, **VERSION})
    assert _together(host, *networks) == (False, {})
    host.sh("nft delete table inet linuxnet; nft delete table bridge linuxnet")
    assert _together(host, *networks) == (True, {**one, **VERSION})
    gone = [{"name": network["name"], "state": "absent"} for network in networks]
    assert _together(host, *gone) == (True, two)
    assert "linuxnet" not in host.sh("nft list ruleset; ip -o link show type bridge; ip netns list")


@pytest.mark.parametrize("count", [1, 2])
def test_networks_that_go_and_others_that_come(host: Host, count: int) -> None:
    """Those that come have what those that go had: subnets, addresses, ports."""
    without_iptables(host)
    endpoints = [{"namespace": f"n{number}", "published_ports": [f"808{number}:80"]} for number in range(count)]
    old = [_numbered(18 + number, endpoints[number]) for number in range(count)]
    new = [{**network, "name": f"new{number}"} for number, network in enumerate(old)]
    gone = [{"name": network["name"], "state": "absent"} for network in old]
    _together(host, *old)
    stays = {**_numbered(30, {"namespace": "stays"}), "internal": True}
    host.module("bridge_network", {"firewall": "nftables", **stays})
    assert _together(host, *new, stays, *gone) == (True, {"nft -f -": 2})
    assert _together(host, *new, stays, *gone) == (False, {})
    told = host.sh("nft list ruleset")
    assert "br18" not in told
    assert "new0" in told
    assert host.module("bridge_network", {"firewall": "nftables", "aggregate": new}, check=True)["changed"] is False
    for number in range(count):
        inside = host.inside(f"n{number}")
        assert inside.reaches(f"172.{18 + number}.0.1")
        with inside.server(80):
            assert host.ask(f"172.{18 + number}.0.1", 8080 + number)


def test_check_mode_foretells_what_is_done_at_once(host: Host) -> None:
    without_iptables(host)
    forward_everything(host)
    shop = {"namespace": "web", "published_ports": ["8080:80", "127.0.0.1:8081:80"]}
    networks = [_numbered(18, shop), _numbered(19, {"namespace": "db"})]
    later = [_numbered(18, {"namespace": "web"}, {"namespace": "app"}), _numbered(19, {"namespace": "db"})]
    gone = [{"name": network["name"], "state": "absent"} for network in networks]
    for aggregate in (networks, later, gone):
        options = {"firewall": "nftables", "aggregate": aggregate}
        foretold = host.module("bridge_network", options, check=True)
        assert host.module("bridge_network", options)["diff"] == foretold["diff"]


def test_of_several_networks_one_that_is_refused_costs_itself_alone(host: Host) -> None:
    without_iptables(host)
    taken = {"namespace": "db", "published_ports": ["8080:80"]}
    host.module("bridge_network", {**NETWORK, "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}]})
    options = {"firewall": "nftables", "aggregate": [_numbered(19, taken), _numbered(20, {"namespace": "app"})]}
    refused = host.module("bridge_network", options, fails=True)
    assert "br19: " in refused["msg"]
    assert [one["changed"] for one in refused["objects"]] == [False, True]
    assert host.inside("app").reaches("172.20.0.1")


#: In place of nft: refuses the transactions whose numbers /tmp/refused lists.
_REFUSING = """\
#!/bin/sh
case "$*" in "-f -") echo >>/tmp/count; grep -qx "$(wc -l </tmp/count)" /tmp/refused && {
    cat >/dev/null; echo "Error: Could not process rule: No space left on device" >&2; exit 1; } ;; esac
exec /tmp/nft "$@"
"""


@pytest.mark.parametrize(
    ("refused", "failed"),
    [
        ("1", []),
        ("2", []),
        ("1 2", ["br18", "new0"]),
        ("2 3", ["br18"]),
        ("1 2 3 4", ["br18", "br19", "new0", "new1"]),
    ],
)
def test_a_transaction_of_several_networks_that_is_refused(host: Host, refused: str, failed: list[str]) -> None:
    """Whatever was refused, each network is told of alone, and the next run ends right."""
    without_iptables(host)
    old = [_numbered(number, {"namespace": f"n{number}", "published_ports": [f"80{number}:80"]}) for number in (18, 19)]
    new = [{**network, "name": f"new{number}"} for number, network in enumerate(old)]
    aggregate = [*({"name": network["name"], "state": "absent"} for network in old), *new]
    host.module("bridge_network", {"firewall": "nftables", "aggregate": old})
    host.write("/tmp/refusing", _REFUSING)
    host.write("/tmp/refused", refused.replace(" ", "\n"))
    host.sh("cp $(readlink -f $(command -v nft)) /tmp/nft; chmod +x /tmp/refusing /tmp/nft")
    host.sh("mount --bind /tmp/refusing $(readlink -f $(command -v nft))")
    result = host.module("bridge_network", {"firewall": "nftables", "aggregate": aggregate}, fails=bool(failed))
    told = result.get("msg", "")
    assert [one["name"] for one in result["objects"] if f"{one['name']}: " in told] == failed, told
    host.write("/tmp/refused", "none")
    host.module("bridge_network", {"firewall": "nftables", "aggregate": aggregate})
    assert host.module("bridge_network", {"firewall": "nftables", "aggregate": aggregate})["changed"] is False
    assert "br18" not in host.sh("nft list ruleset; ip -o link")
    for number in (18, 19):
        inside = host.inside(f"n{number}")
        assert inside.reaches(f"172.{number}.0.1")
        with inside.server(80):
            assert host.ask(f"172.{number}.0.1", int(f"80{number}"))
