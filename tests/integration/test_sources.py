# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of ports with a list of sources: exact check mode, repair of each part, and nothing left. Whom they let in:
traffic/test_sources.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.promises import converge, repairs
from tests.integration.rule_hosts import LEGACY, NATIVE, use_backend
from tests.lab.host import Host

BACKENDS = pytest.mark.parametrize("backend", ["nft", pytest.param("legacy", marks=LEGACY), NATIVE])
MODES = pytest.mark.parametrize("mode", ["nat", "routed"])
LIST = ["192.0.2.64/27", "198.51.100.7"]


def _options(host: Host, sources: list[str] | None, mode: str = "nat", **options: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "firewall": host.firewall,
        "out_interface": "br0",
        "to_address": "172.18.0.2",
        "gateway_mode": mode,
        "aggregate": [
            {"host_port": "8080", "to_port": "80", "allowed_sources": sources},
            {"host_port": "7000-7003", "to_port": "7100-7103", "protocol": "udp", "allowed_sources": sources},
            {"host_port": "9090", "to_port": "81"},
        ],
        **options,
    }
    if sources is None:
        for one in asked["aggregate"]:
            one.pop("allowed_sources", None)
    return asked


def _rules(host: Host) -> list[str]:
    """Everything that is there; nft lists the elements of a set in any order."""
    lines = host.sh("iptables-save; nft list ruleset").replace("elements = {", "").splitlines()
    return sorted(line.strip(" \t,{}") for line in lines if "#" not in line)


def _network(host: Host, mode: str) -> None:
    host.sh("ip link add br0 type bridge")
    host.module(
        "bridge_forward",
        {"bridge": "br0", "subnets": ["172.18.0.0/16"], "gateway_mode": mode, "firewall": host.firewall},
    )


@BACKENDS
@MODES
def test_lists_come_change_and_go(host: Host, backend: str, mode: str) -> None:
    use_backend(host, backend)
    _network(host, mode)
    converge(host, "dnat", _options(host, None, mode))
    without = _rules(host)
    made = converge(host, "dnat", _options(host, LIST, mode))
    assert [one["after"]["allowed_sources"] for one in made["diff"]] == [["192.0.2.64/27", "198.51.100.7/32"]] * 2
    made = converge(host, "dnat", _options(host, LIST[:1], mode))
    assert [one["before"]["allowed_sources"] for one in made["diff"]] == [["192.0.2.64/27", "198.51.100.7/32"]] * 2
    converge(host, "dnat", _options(host, None, mode))
    assert _rules(host) == without
    converge(host, "dnat", _options(host, LIST, mode))
    converge(host, "dnat", _options(host, None, mode, state="absent"))
    rules = host.sh("iptables-save; nft list ruleset")
    assert not [line for line in rules.splitlines() if "8080" in line or "7100" in line or "198.51.100.7" in line]


def _damages(host: Host) -> list[str]:
    """Each rule or element about a source or a restricted port, removed by hand."""
    if host.firewall != "nftables":
        found = []
        for table in ("raw", "mangle", "nat", "filter"):
            for line in host.sh(f"iptables -t {table} -S").splitlines():
                if line.startswith("-A") and any(
                    word in line for word in ("192.0.2.64", "198.51.100.7", "8080", "700")
                ):
                    found.append(f"iptables -t {table} -D{line.removeprefix('-A')}")
        return found
    return [
        f"nft flush {'map' if name in maps else 'set'} inet linuxnet {name}"
        for maps in [host.sh("nft list maps inet").split()]
        for name in _with_elements(host)
    ]


def _with_elements(host: Host) -> list[str]:
    shown = host.sh("nft -j list ruleset")
    return [
        kind["name"]
        for entry in json.loads(shown)["nftables"]
        for what in ("set", "map")
        if (kind := entry.get(what)) and kind["table"] == "linuxnet" and "192.0.2.64" in json.dumps(kind)
    ]


@BACKENDS
@MODES
def test_each_part_that_is_missing_comes_back(host: Host, backend: str, mode: str) -> None:
    use_backend(host, backend)
    _network(host, mode)
    options = _options(host, LIST, mode)
    converge(host, "dnat", options)
    damages = _damages(host)
    assert damages
    for damage in damages:
        repairs(host, "dnat", options, damage)


@pytest.mark.parametrize("firewall", ["iptables", "nftables"])
def test_an_endpoint_is_added_twice(host: Host, firewall: str) -> None:
    """Its port is known as its own. All rules of a port say where it leads, those that only keep others out too."""
    port = {"port": "8080:80", "allowed_sources": LIST}
    web = {"namespace": "web", "ipv4_address": "172.18.0.9", "published_ports": [port]}
    network = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": [web], "appends": True}
    done = [host.module("bridge_network", {**network, "firewall": firewall})["changed"] for _run in range(2)]
    assert done == [True, False]
    rules = host.module("netns_info", {})["host"]["rules"]
    assert {rule["to_address"] for rule in rules if rule.get("host_port") == "8080"} == {"172.18.0.9"}
