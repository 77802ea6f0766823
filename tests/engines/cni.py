# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CNI: the plugins bridge, portmap and firewall in a chain, each called as a container runtime does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.engines.engine import ICC, INTERNAL, ROUTED, Endpoint, Network, Publish, endpoints, networks
from tests.engines.releases import Programs, Release
from tests.lab.errors import LabError
from tests.lab.host import Host

_VERSION = "0.4.0"
_LEASES = "/run/cni"


class Cni:
    name = "cni"
    heading = "CNI"
    package = "containernetworking-plugins"
    how = (
        "`bridge` (`isGateway`, `ipMasq`, `hairpinMode`), `portmap` (`snat`) and `firewall` (`backend: iptables`, "
        "`ingressPolicy: same-bridge`) with `CNI_COMMAND=ADD`"
    )
    lacks = frozenset({INTERNAL, ICC, ROUTED})

    def __init__(self, release: Release) -> None:
        self.release = release

    def build(self, host: Host) -> None:
        programs = self.release.on(host)
        by_bridge = {network.bridge: network for network in networks()}
        for endpoint in endpoints():
            host.run(["ip", "netns", "add", endpoint.name])
            result: dict[str, Any] = {}
            for plugin in _chain(by_bridge[endpoint.bridge], endpoint):
                result = _add(programs, endpoint, {**plugin, **({"prevResult": result} if result else {})})


def _chain(network: Network, endpoint: Endpoint) -> list[dict[str, Any]]:
    common = {"cniVersion": _VERSION, "name": network.bridge}
    ranges = [
        [{"subnet": subnet, "gateway": gateway, "rangeStart": address}]
        for subnet, gateway, address in zip(network.subnets, network.gateways, endpoint.addresses, strict=True)
    ]
    routes = [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}][: len(ranges)]
    bridge = {"type": "bridge", "bridge": network.bridge, "isGateway": True, "ipMasq": True, "hairpinMode": True}
    bridge["ipam"] = {"type": "host-local", "dataDir": _LEASES, "ranges": ranges, "routes": routes}
    mappings = [mapping for text in endpoint.published for mapping in _mappings(Publish.of(text))]
    portmap = {"type": "portmap", "snat": True, "runtimeConfig": {"portMappings": mappings}}
    firewall = {"type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge"}
    return [{**common, **plugin} for plugin in (bridge, portmap, firewall)]


def _mappings(publish: Publish) -> list[dict[str, Any]]:
    return [
        {
            "hostIP": publish.host_ip,
            "hostPort": publish.host_port + number,
            "containerPort": publish.port + number,
            "protocol": publish.protocol,
        }
        for number in range(publish.count)
    ]


def _add(programs: Programs, endpoint: Endpoint, plugin: dict[str, Any]) -> dict[str, Any]:
    program = Path(programs.program(plugin["type"]))
    environment = {
        "CNI_COMMAND": "ADD",
        "CNI_CONTAINERID": endpoint.name,
        "CNI_NETNS": f"/run/netns/{endpoint.name}",
        "CNI_IFNAME": "eth0",
        "CNI_PATH": str(program.parent),
    }
    done = programs.run([str(program)], stdin=json.dumps(plugin), env=environment, check=False)
    if done.rc:
        raise LabError(f"{plugin['type']} for {endpoint.name}: {done.out}{done.err}")
    result: dict[str, Any] = json.loads(done.out)
    return result
