# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlapping published ranges are found without looking at each port."""

from __future__ import annotations

import ipaddress
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import PortRange
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows, port_overlaps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.ended_flows import Flow
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication

WEB = ipaddress.ip_address("172.18.0.2")


def _publication(ports: PortRange, owner: str = "shop", host_ip: str | None = None) -> Publication:
    key = Key("ipv4", "tcp", ipaddress.ip_address(host_ip) if host_ip else None, ports)
    return Publication(key, owner, WEB, ports)


_RANGES = st.builds(lambda first, size: PortRange(first, first + size), st.integers(1, 60), st.integers(0, 20))


def _overlap(one: PortRange, other: PortRange) -> bool:
    return one != other and one.first <= other.last and other.first <= one.last


@given(st.lists(_RANGES, max_size=6, unique=True), st.lists(_RANGES, min_size=1, max_size=6, unique=True))
def test_a_want_that_overlaps_anything_is_refused(staying: list[PortRange], wanted: list[PortRange]) -> None:
    staying = [ports for ports in staying if ports not in wanted]
    free = not any(_overlap(ports, other) for ports in wanted for other in (*staying, *wanted))
    entries = [[(None, _publication(ports)) for ports in group] for group in (staying, wanted)]
    if free:
        port_overlaps.refuse(*entries)
    else:
        with pytest.raises(Refused, match="is already published by owner shop, as part of"):
            port_overlaps.refuse(*entries)


def test_the_later_one_is_to_blame() -> None:
    there = (None, _publication(PortRange(500, 510), "lab"))
    with pytest.raises(Refused) as refused:
        port_overlaps.refuse([there], [(None, _publication(PortRange(490, 500)))])
    assert str(refused.value) == (
        "host_port: port 500 of 490-500/tcp (ipv4) is already published by owner lab, as part of 500-510/tcp (ipv4)"
    )


def test_a_hundred_ranges_of_all_ports() -> None:
    """This once took 45 seconds and a gigabyte."""
    every = [_publication(PortRange(1, 65535), host_ip=f"192.0.2.{number}") for number in range(1, 101)]
    began = time.process_time()
    port_overlaps.refuse([], [(None, publication) for publication in every])
    chosen = ended_flows.to_old_targets(every)
    assert time.process_time() - began < 2
    host, lan = ipaddress.ip_address("192.0.2.7"), ipaddress.ip_address("192.0.2.200")
    assert chosen(Flow(6, lan, host, 4444, 65535, WEB, lan, 65535, 4444), ())
    assert not chosen(Flow(17, lan, host, 4444, 65535, WEB, lan, 65535, 4444), ())
