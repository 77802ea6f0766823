# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With nftables, no run starts more than two programs: the rules of all kinds are written by one transaction."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.counting import run_counted
from tests.integration.rule_hosts import without_iptables
from tests.lab import modules
from tests.lab.host import Host

OPTIONS = "/tmp/options.json"
NETWORK: dict[str, Any] = {
    "name": "br0",
    "firewall": "nftables",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
}


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
    assert _programs(host, endpoints=_endpoints("8080", "8081")) == (True, one)
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
