# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own column: the role bridge_network."""

from __future__ import annotations

from typing import Any

from tests.engines.engine import OLD, OLD_ADDRESS, OLD_BRIDGE, OLD_PUBLISHED, OLD_SUBNET
from tests.engines.releases import PRESENT, Release
from tests.integration.networks import apply
from tests.integration.traffic import siege
from tests.lab.host import Host

_OLD: dict[str, Any] = {
    "name": OLD_BRIDGE,
    "ipam_config": [{"subnet": OLD_SUBNET}],
    "endpoints": [{"namespace": OLD, "ipv4_address": OLD_ADDRESS, "published_ports": list(OLD_PUBLISHED)}],
}


_PROGRAMS = [f"{name}{suffix}" for name in ("iptables", "ip6tables") for suffix in ("", "-save", "-restore")]


class Role:
    name = "role"
    heading = "role with iptables"
    package = "iptables"
    how = "the role `bridge_network`, once per network, with its defaults (`internal`, `icc` and `routed` apart)"
    lacks: frozenset[str] = frozenset()

    def __init__(self, release: Release) -> None:
        """release: whose iptables the role uses."""
        self.release = release

    def build(self, host: Host) -> None:
        if self.release is not PRESENT:
            programs = self.release.on(host)
            host.sh("mkdir -p /run/release")
            for name in _PROGRAMS:
                programs.offer(name, "/run/release")
                host.sh(f"ln -sfn /run/release/{name} /etc/alternatives/{name}")
        for bridge in siege.BRIDGES:
            apply(host, **siege.network(bridge))
        apply(host, **_OLD)
