# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign or damaged files of a persistent network, and limits of the machine, each reported in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.faults import at_the_limit
from tests.integration.networks import apply
from tests.integration.persistence import DEFINITIONS, UNIT, program
from tests.integration.promises import refused
from tests.integration.settling import settle
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br-shop",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}],
    "persistent": True,
}
ABSENT = {"name": "br-shop", "state": "absent"}


def _damage(document: dict[str, Any], where: list[Any], value: Any) -> str:
    place = document
    for step in where[:-1]:
        place = place[step]
    if value is None:
        del place[where[-1]]
    else:
        place[where[-1]] = value
    return json.dumps(document)


#: Where the document is damaged, and what is there then; None for nothing.
DAMAGES: list[tuple[list[Any], Any]] = [
    (["modules", "netns"], [1]),
    (["modules", "netns", 0, "name"], None),
    (["modules", "netns"], {}),
    (["modules", "veth", 0, "peer_netns"], None),
    (["modules", "veth", 0, "name"], 7),
    (["modules", "bridge_port", 0, "interface"], None),
    (["modules", "interface", 0, "name"], []),
    (["modules", "interface", 0, "addresses"], 3),
    (["modules", "dnat", 0, "to_address"], None),
    (["modules", "dnat", 0, "host_port"], None),
    (["guests"], {"nobody": None}),
    (["guests"], {"web": 3}),
    (["containers"], []),
    (["containers"], {"web": {"name": "shop", "engine": None}}),
]


@pytest.mark.long
def test_a_document_damaged_by_hand_is_a_sentence(host: Host) -> None:
    apply(host, **NETWORK)
    whole = host.read(DEFINITIONS)
    for where, value in DAMAGES:
        host.write(DEFINITIONS, _damage(json.loads(whole), where, value))
        done = program(host, "up", "br-shop", check=False)
        assert "Traceback" not in done.out + done.err, where
        assert (done.rc, done.out.startswith(f"{DEFINITIONS}: "), done.out.count("\n")) == (1, True, 1), done.out
        assert apply(host, **NETWORK).changed, "written anew"
        assert host.read(DEFINITIONS) == whole, where
    assert apply(host, **NETWORK).changed == []


@pytest.mark.long
def test_a_network_of_a_damaged_document_goes_down(host: Host) -> None:
    apply(host, **NETWORK)
    whole = host.read(DEFINITIONS)
    for where, value in DAMAGES:
        host.write(DEFINITIONS, _damage(json.loads(whole), where, value))
        done = program(host, "down", "br-shop", check=False)
        assert "Traceback" not in done.out + done.err, where
        assert done.rc == 0, "what carries the mark goes all the same"
        assert "br-shop" not in host.sh("ip -brief link"), where
        host.write(DEFINITIONS, whole)
        program(host, "up", "br-shop")
    assert apply(host, **NETWORK).changed == [], "the same as before"


@pytest.mark.long
def test_units_and_definitions_of_others_are_left_alone(host: Host) -> None:
    host.sh(f"mkdir -p /etc/linuxnet /etc/systemd/system; echo '[Unit]' >{UNIT}")
    refused(host, "network_service", ABSENT, f"{UNIT} was not written by this collection")
    host.sh(f"rm {UNIT}; mkdir -p /etc/linuxnet; echo '{{}}' >{DEFINITIONS}")
    refused(host, "network_service", ABSENT, f"{DEFINITIONS} does not contain the definitions of a network")
    host.sh(f"rm {DEFINITIONS}")
    apply(host, **NETWORK)
    settle(host, "web")
    refused(host, "network_service", {**ABSENT, "owner": "other"}, f"{DEFINITIONS} belongs to owner br-shop")
    host.write(DEFINITIONS, "{")
    assert host.module("network_service", ABSENT)["changed"], "its unit tells whose it is"


def test_the_limit_of_namespaces_is_told(host: Host) -> None:
    """The kernel uses the error of a full disk for it."""
    told = host.call(at_the_limit, "netns", {"name": "web", "sysctls": {"net.ipv4.ip_forward": "1"}})["msg"]
    assert told == "cannot create a network namespace: the limit user.max_net_namespaces is reached"
