# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of one call that cannot coexist on a host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import conflicts
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_network import options_of, read_network

FRONT: dict[str, t.Any] = {
    "name": "front",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "ports": ["lan1"],
    "endpoints": [
        {
            "namespace": "web",
            "host_interface": "veth0",
            "published_ports": ["8080-8089:80-89"],
            "sysctls": {"net.core.somaxconn": 100},
        }
    ],
}
BACK: dict[str, t.Any] = {
    "name": "back",
    "ipam_config": [{"subnet": "172.19.0.0/16"}],
    "endpoints": [{"namespace": "db"}],
}


def refuse(*networks: dict[str, t.Any]) -> None:
    listed = [
        read_network(options_of(network, f"bridge_networks[{number}].")) for number, network in enumerate(networks)
    ]
    conflicts.refuse(listed)


def endpoint(**options: t.Any) -> dict[str, t.Any]:
    return {**BACK, "endpoints": [{"namespace": "db", **options}]}


@pytest.mark.parametrize(
    ("back", "sentence"),
    [
        (
            endpoint(host_interface="front"),
            "bridge_networks[1].endpoints[0].host_interface: 'front' is taken already, by bridge_networks[0].name",
        ),
        (
            {**BACK, "ports": ["front"]},
            "bridge_networks[1].ports[0]: 'front' is taken already, by bridge_networks[0].name",
        ),
        (
            endpoint(namespace="web", interface="eth1", default_route=False, sysctls={"net.core.somaxconn": 200}),
            (
                "bridge_networks[1].endpoints[0].sysctls: net.core.somaxconn of namespace 'web' cannot be 200 "
                "and, by bridge_networks[0].endpoints[0], 100"
            ),
        ),
        (
            {**BACK, "ipam_config": [{"subnet": "172.18.128.0/17"}]},
            (
                "bridge_networks[1].ipam_config[0].subnet: 172.18.128.0/17 overlaps 172.18.0.0/16 of front, "
                "by bridge_networks[0].ipam_config[0].subnet"
            ),
        ),
        (
            {**BACK, "ports": ["lan1"]},
            "bridge_networks[1].ports[0]: 'lan1' is taken already, by bridge_networks[0].ports[0]",
        ),
        (
            endpoint(host_interface="veth0"),
            (
                "bridge_networks[1].endpoints[0].host_interface: 'veth0' is taken already, "
                "by bridge_networks[0].endpoints[0].host_interface"
            ),
        ),
        (
            endpoint(namespace="web", default_route=False),
            (
                "bridge_networks[1].endpoints[0].interface: web has the interface 'eth0' already, "
                "by bridge_networks[0].endpoints[0].interface"
            ),
        ),
        (
            endpoint(namespace="web", interface="eth1"),
            (
                "bridge_networks[1].endpoints[0].default_route: namespace 'web' already has its default route by "
                "bridge_networks[0].endpoints[0]; set default_route: false for one of them"
            ),
        ),
        (
            endpoint(published_ports=["8085:80"]),
            (
                "bridge_networks[1].endpoints[0].published_ports[0]: port 8085/tcp of the host is already "
                "published, by bridge_networks[0].endpoints[0].published_ports[0]"
            ),
        ),
        (
            endpoint(published_ports=["192.0.2.1:8085:80"]),
            (
                "bridge_networks[1].endpoints[0].published_ports[0]: port 8085/tcp of 192.0.2.1 is already "
                "published, by bridge_networks[0].endpoints[0].published_ports[0]"
            ),
        ),
    ],
)
def test_both_sides_are_named(back: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(Refused) as raised:
        refuse(FRONT, back)
    assert str(raised.value).replace("ipam_config[0]:", "ipam_config[0].subnet:").replace(
        "by bridge_networks[0].ipam_config[0]", "by bridge_networks[0].ipam_config[0]"
    ) in (sentence, sentence.removesuffix(".subnet"))


@pytest.mark.parametrize(
    "back",
    [
        BACK,
        endpoint(published_ports=["8085:80/udp", "8090:80"]),
        {**endpoint(published_ports=["8085:80"]), "gateway_mode": "routed"},
        endpoint(namespace="web", interface="eth1", default_route=False),
        {**endpoint(namespace="web", interface="eth1"), "internal": True},
    ],
)
def test_what_goes_together(back: dict[str, t.Any]) -> None:
    refuse(FRONT, back)


def test_one_port_on_two_addresses_goes_together() -> None:
    front = {**FRONT, "endpoints": [{"namespace": "web", "published_ports": ["192.0.2.1:8085:80"]}]}
    refuse(front, endpoint(published_ports=["192.0.2.2:8085:80"]))


def test_a_name_stands_once_whatever_is_to_become_of_the_network() -> None:
    named = [("front", "bridge_networks[0]."), ("back", "bridge_networks[1]."), ("front", "bridge_networks[2].")]
    with pytest.raises(Refused) as raised:
        conflicts.refuse_names(named)
    assert str(raised.value) == "bridge_networks[2].name: 'front' is already the name of bridge_networks[0]"
