# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without changes writes nothing: the kernel reports no change, and no file is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, in_one
from tests.integration.rule_hosts import use_backend
from tests.integration.settling import settle
from tests.integration.watching import watched
from tests.lab import modules
from tests.lab.host import Host

_OPTIONS = "/tmp/options.json"
_FILES = "find /run/netns /run/linuxnet /etc/sysctl.d /proc/sys/net/ipv4/ip_forward -printf '%p %i %T@ %C@\\n' | sort"


def _run(host: Host) -> tuple[dict[str, Any], list[str]]:
    host.write(_OPTIONS, json.dumps(SHOP))
    preload = (*modules.COMMON, modules.code_of("bridge_network"))
    result, heard = host.call(watched, "bridge_network", _OPTIONS, ["web", "db"], preload=preload)
    assert not result.get("failed"), result
    return result, heard


@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.long
def test_nothing_is_written_where_nothing_is_to_do(host: Host, backend: str) -> None:
    use_backend(host, backend)
    in_one(host, SHOP)
    settle(host, "web", "db")
    files = host.sh(_FILES)
    for _attempt in range(3):  # the kernel's own late news of the building come once, a write would come each time
        result, heard = _run(host)
        assert not result["changed"]
        if not heard:
            break
    assert heard == []
    assert host.sh(_FILES) == files


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("ip -n web route del default", "web: rtnetlink message 24"),
        ("ip address flush dev br-shop", "host: rtnetlink message 20"),
        ("ip -n db link set lo down", "db: rtnetlink message 16"),
        ("iptables -t nat -F", "host: nftables message"),
    ],
)
def test_what_is_written_would_have_been_heard(host: Host, damage: str, told: str) -> None:
    """The control: the same watchers, and something to do."""
    use_backend(host, "nft")
    in_one(host, SHOP)
    host.sh(damage)
    settle(host, "web", "db")
    result, heard = _run(host)
    assert result["changed"]
    assert any(one.startswith(told) for one in heard), heard
