# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of lists of destinations: exact check mode, repair of drift, additions, and nothing left. What they let
through: traffic/test_egress.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.promises import converge, repairs
from tests.integration.rule_hosts import LEGACY, NATIVE, use_backend
from tests.lab.host import Host

BACKENDS = pytest.mark.parametrize("backend", ["nft", pytest.param("legacy", marks=LEGACY), NATIVE])
FIRST, SECOND = "02:42:ac:12:00:02", "02:42:ac:12:00:03"
LISTED = {
    "mac_address": FIRST,
    "destinations": ["10.0.0.0/8", "10.1.0.0/16:80-90/udp", "192.0.2.7:443/tcp", "[2001:db8::/32]:53/udp"],
    "receivers": ["172.19.0.0/16", "[fd00:19::2]:5432/tcp"],
}
NOWHERE = {"mac_address": SECOND, "destinations": []}


def _options(host: Host, **options: Any) -> dict[str, Any]:
    subnets = ["172.18.0.0/16", "fd00:18::/64"]
    return {"bridge": "br0", "subnets": subnets, "owner": "br0", "firewall": host.firewall, **options}


@BACKENDS
@pytest.mark.long
def test_lists_come_change_and_go(host: Host, backend: str) -> None:
    use_backend(host, backend)
    converge(host, "bridge_forward", _options(host))
    without = host.dump()
    made = converge(host, "bridge_forward", _options(host, senders=[LISTED, NOWHERE]))
    (change,) = made["diff"]
    assert [one["mac_address"] for one in change["after"]["senders"]] == [FIRST, SECOND]
    # The part that another entry contains is left out.
    assert "10.1.0.0/16:80-90/udp" not in change["after"]["senders"][0]["destinations"]
    shorter = {**LISTED, "destinations": ["192.0.2.7:443/tcp"]}
    made = converge(host, "bridge_forward", _options(host, egress="deny", senders=[shorter]))
    assert made["diff"][0]["before"]["egress"] == "allow"
    # Whom the call does not name keeps the list; who is named without one loses it.
    assert [one["mac_address"] for one in made["objects"][0]["senders"]] == [FIRST, SECOND]
    made = converge(host, "bridge_forward", _options(host, senders=[{"mac_address": SECOND}]))
    assert made["objects"][0]["senders"] == [{**shorter, "receivers": LISTED["receivers"]}]
    converge(host, "bridge_forward", _options(host, senders=[], purge_senders=True))
    assert without.changes_to(host.dump()) == []
    converge(host, "bridge_forward", _options(host, egress="deny", senders=[LISTED]))
    converge(host, "bridge_forward", {"bridge": "br0", "owner": "br0", "state": "absent"})
    assert "egress" not in host.sh("iptables-save; ip6tables-save; nft list ruleset").lower()


_RULES = "for x in iptables ip6tables; do {}; done"
#: A list's chain, as far as its name is the same on every host.
_LIST = "$($x -t mangle -S | sed -n 's/^-N \\(LINUXNET-[0-9a-f]*-[0-9a-z]*\\)$/\\1/p' | head -n1)"
DAMAGES = {
    "nft": [
        "iptables -t mangle -F INPUT",
        "ip6tables -t filter -F INPUT",
        _RULES.format(f"$x -t mangle -F {_LIST}"),
        _RULES.format(f"$x -t mangle -I {_LIST} -j RETURN; $x -t mangle -F {_LIST}"),
        _RULES.format("$x -t filter -F LINUXNET-FROM"),
    ],
    NATIVE: [
        "nft flush set inet linuxnet reach4",
        "nft delete element inet linuxnet closed '{ \"br0\" }'",
        f"nft delete element inet linuxnet limited '{{ \"br0\" . {FIRST} }}'",
        "nft flush chain inet linuxnet listed",
        "nft flush chain inet linuxnet gateway-br0",
        "nft delete element inet linuxnet egress '{ \"br0\" }'",
        "nft delete table inet linuxnet",
    ],
}
DAMAGES["legacy"] = DAMAGES["nft"]


@BACKENDS
def test_what_is_broken_comes_back(host: Host, backend: str) -> None:
    use_backend(host, backend)
    options = _options(host, egress="deny", senders=[LISTED, NOWHERE])
    converge(host, "bridge_forward", options)
    for damage in DAMAGES[backend]:
        repairs(host, "bridge_forward", options, damage)


def test_lists_move_with_the_network_to_the_other_firewall(host: Host) -> None:
    use_backend(host, "nft")
    options = {**_options(host, egress="deny", senders=[LISTED, NOWHERE]), "firewall": "iptables"}
    converge(host, "bridge_forward", options)
    for firewall in ("nftables", "iptables"):
        host.module("bridge_forward", {**options, "firewall": firewall})
        assert not host.module("bridge_forward", {**options, "firewall": firewall})["changed"]
        there = host.sh("iptables-save" if firewall == "nftables" else "nft list tables")
        assert ("EGRESS" if firewall == "nftables" else "linuxnet") not in there
