# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netavark, called as by Podman: one JSON document on standard input per endpoint."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.engines.engine import ICC, ROUTED, Endpoint, Network, Publish, endpoints, networks
from tests.engines.releases import Release
from tests.lab.host import Host


class Netavark:
    package = "netavark"
    lacks = frozenset({ICC, ROUTED})

    def __init__(self, release: Release, firewall: str = "iptables") -> None:
        """firewall: netavark's name of the firewall to use."""
        self.name = "netavark" if firewall == "iptables" else f"netavark-{firewall}"
        self.heading = f"netavark, {firewall}"
        self.how = f"`netavark setup` with `NETAVARK_FW={firewall}`, the option `isolate` and without DNS"
        self.release = release
        self._firewall = firewall

    def build(self, host: Host) -> None:
        programs = self.release.on(host)
        by_bridge = {network.bridge: network for network in networks()}
        program = programs.program("netavark")
        host.sh("mkdir -p /run/netavark")
        for endpoint in endpoints():
            host.run(["ip", "netns", "add", endpoint.name])
            want = json.dumps(_want(by_bridge[endpoint.bridge], endpoint))
            argv = [program, "--config", "/run/netavark", "setup", f"/run/netns/{endpoint.name}"]
            programs.run(argv, stdin=want, env={"NETAVARK_FW": self._firewall})


def _number(name: str) -> str:
    """A network's or container's ID for netavark: 64 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()


def _want(network: Network, endpoint: Endpoint) -> dict[str, Any]:
    subnets = [
        {"subnet": subnet, "gateway": gateway}
        for subnet, gateway in zip(network.subnets, network.gateways, strict=True)
    ]
    info = {
        "name": network.bridge,
        "id": _number(network.bridge),
        "driver": "bridge",
        "network_interface": network.bridge,
        "subnets": subnets,
        "ipv6_enabled": len(subnets) > 1,
        "internal": network.internal,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
        "options": {"isolate": "true"},
    }
    wanted = {"interface_name": "eth0", "static_ips": list(endpoint.addresses)}
    return {
        "container_id": _number(endpoint.name),
        "container_name": endpoint.name,
        "networks": {network.bridge: wanted},
        "network_info": {network.bridge: info},
        "port_mappings": [_mapping(Publish.of(text)) for text in endpoint.published],
    }


def _mapping(publish: Publish) -> dict[str, Any]:
    return {
        "host_ip": publish.host_ip,
        "host_port": publish.host_port,
        "container_port": publish.port,
        "range": publish.count,
        "protocol": publish.protocol,
    }
