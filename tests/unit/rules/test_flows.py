# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections end when rules change."""

from __future__ import annotations

import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, PortRange
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import Flow, with_address

HOST, LAN, WEB, DB, FAR = (
    ipaddress.ip_address(text) for text in ("192.0.2.1", "192.0.2.9", "172.18.0.2", "172.18.0.3", "9.9.9.9")
)
SUBNET = ipaddress.ip_network("172.18.0.0/16")
LOCAL = {HOST, ipaddress.ip_address("172.18.0.1"), ipaddress.ip_address("127.0.0.1")}
TCP, UDP = 6, 17


def _flow(
    source: IPAddress,
    destination: IPAddress,
    port: int,
    answered_by: IPAddress,
    answered_to: IPAddress,
    protocol: int = UDP,
) -> Flow:
    return Flow(protocol, source, destination, 4444, port, answered_by, answered_to, port, 4444)


def _published(first: int, last: int, host_ip: IPAddress | None = None, protocol: str = "udp") -> Publication:
    key = Key("ipv4", protocol, host_ip, PortRange(first, last))
    return Publication(key, "shop", WEB, PortRange(first, last))


def test_the_flows_of_an_old_target() -> None:
    chosen = ended_flows.to_old_targets([_published(53, 60), _published(80, 80, HOST, "tcp")])
    assert chosen(_flow(LAN, HOST, 55, WEB, LAN), LOCAL)
    assert chosen(_flow(LAN, HOST, 80, WEB, LAN, TCP), LOCAL)
    assert not chosen(_flow(LAN, HOST, 61, WEB, LAN), LOCAL), "another port"
    assert not chosen(_flow(LAN, HOST, 55, WEB, LAN, TCP), LOCAL), "another protocol"
    assert not chosen(_flow(LAN, HOST, 55, DB, LAN), LOCAL), "another endpoint"
    assert not chosen(_flow(LAN, WEB, 55, WEB, LAN), LOCAL), "not published at all"
    assert not chosen(_flow(LAN, FAR, 80, WEB, LAN, TCP), LOCAL), "another address"


def test_datagrams_that_went_past_a_missing_rule() -> None:
    chosen = ended_flows.past_publications([_published(53, 53), _published(54, 54, HOST)])
    assert chosen(_flow(LAN, HOST, 53, HOST, LAN), LOCAL)
    assert chosen(_flow(LAN, HOST, 54, HOST, LAN), LOCAL)
    assert not chosen(_flow(LAN, FAR, 53, FAR, LAN), LOCAL), "to another host, by way of this one"
    assert not chosen(_flow(LAN, HOST, 53, WEB, LAN), LOCAL), "translated already"
    assert not chosen(_flow(LAN, HOST, 53, HOST, LAN, TCP), LOCAL), "a tcp connection was refused or has its server"


def test_flows_that_left_untranslated() -> None:
    chosen = ended_flows.untranslated(SUBNET)
    assert chosen(_flow(WEB, FAR, 53, FAR, WEB), LOCAL)
    assert not chosen(_flow(WEB, FAR, 53, FAR, HOST), LOCAL), "translated"
    assert not chosen(_flow(WEB, DB, 53, DB, WEB), LOCAL), "within the network"
    assert not chosen(_flow(WEB, HOST, 53, HOST, WEB), LOCAL), "to the host itself"
    assert not chosen(_flow(LAN, FAR, 53, FAR, LAN), LOCAL), "another network"


def test_flows_that_entered_directly() -> None:
    chosen = ended_flows.entered_directly([SUBNET])
    assert chosen(_flow(LAN, WEB, 53, WEB, LAN), LOCAL)
    assert not chosen(_flow(LAN, HOST, 53, WEB, LAN), LOCAL), "published"
    assert not chosen(_flow(DB, WEB, 53, WEB, DB), LOCAL), "within the network"
    assert not chosen(_flow(HOST, WEB, 53, WEB, HOST), LOCAL), "from the host"


def test_flows_of_an_endpoint_that_goes() -> None:
    chosen = with_address({WEB})
    assert chosen(_flow(LAN, HOST, 53, WEB, LAN), LOCAL)
    assert chosen(_flow(WEB, FAR, 53, FAR, HOST), LOCAL)
    assert not chosen(_flow(LAN, HOST, 53, DB, LAN), LOCAL)
