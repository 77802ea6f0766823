# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many published ports, with their rules in a tree of chains, on a real kernel."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.integration.promises import converge, repairs
from tests.integration.rule_hosts import (
    BACKENDS,
    NETWORK,
    SOURCES,
    add_network,
    forward_everything,
    rules,
    use_backend,
)
from tests.lab.host import Host

Options = dict[str, Any]
COMMON: Options = {"owner": "shop", "out_interface": "br0"}
#: In the first block, in the last, and around a border; ranges that only a larger block or the root can hold.
PORTS: list[Options] = [
    {"host_port": str(port), "to_address": "172.18.0.2", "to_port": "80"}
    for port in [*range(1, 40), *range(4090, 4100), *range(65520, 65536)]
] + [
    {"host_port": "8100-8300", "to_address": "172.18.0.2", "to_port": "80-280"},
    {"host_port": "8000-8299", "to_address": "172.18.0.2", "protocol": "udp"},
    {"host_port": "8150", "host_ip": "192.0.2.1", "to_address": "172.18.0.3", "to_port": "80"},
    {"host_port": "8200", "host_ip": "127.0.0.1", "to_address": "172.18.0.3", "to_port": "80"},
]
MANY: Options = {**COMMON, "aggregate": PORTS}


def _absent(ports: list[Options]) -> Options:
    keys = ("protocol", "host_ip", "host_port")
    return {**COMMON, "state": "absent", "aggregate": [{key: one[key] for key in keys if key in one} for one in ports]}


@pytest.fixture(params=BACKENDS)
def any_host(host: Host, request: pytest.FixtureRequest) -> Host:
    use_backend(host, request.param)
    host.sh("ip link add br0 type bridge")
    return host


def _tree(host: Host) -> list[str]:
    lines = host.run(["iptables-save", "-t", "nat"]).out.splitlines()
    return [line.split()[0][1:] for line in lines if line.startswith((":LINUXNET-DNAT-TCP", ":LINUXNET-DNAT-UDP"))]


@pytest.mark.long
def test_a_tree_grows_and_goes(any_host: Host) -> None:
    empty = any_host.dump(counters=True)
    few = {**COMMON, "aggregate": PORTS[:60]}
    converge(any_host, "dnat", few)
    plain = any_host.dump(counters=True)
    assert _tree(any_host) == []
    converge(any_host, "dnat", MANY)
    names = ("0", "00", "0F", "1", "10", "1F", "F", "FF")
    assert set(_tree(any_host)) == {f"LINUXNET-DNAT-TCP-{name}" for name in names}
    assert [text.split()[-1] for text in rules(any_host, "nat", "LINUXNET-DNAT-LOOPBACK")] == ["172.18.0.3:80"]
    converge(any_host, "dnat", _absent(PORTS[60:]))
    assert plain.changes_to(any_host.dump(counters=True)) == []
    any_host.module("dnat", MANY)
    converge(any_host, "dnat", _absent(PORTS))
    assert empty.changes_to(any_host.dump(counters=True)) == []


DAMAGE = [
    "iptables -t nat -F",
    "iptables -t nat -F && iptables -t nat -X",
    "iptables -t nat -F LINUXNET-DNAT",
    "iptables -t nat -F LINUXNET-DNAT-TCP-0",
    "iptables -t nat -D LINUXNET-DNAT-TCP-0 1",
    "iptables -t nat -D LINUXNET-DNAT-TCP-FF 3",
    "iptables -t nat -F LINUXNET-DNAT-TCP-0F",
    "iptables -t nat -F LINUXNET-DNAT; C=LINUXNET-DNAT-TCP-F; iptables -t nat -F $C; iptables -t nat -X $C",
    # a way in twice, and one that would come before what is published on one address
    "iptables -t nat -A LINUXNET-DNAT-TCP-0 $(iptables -t nat -S LINUXNET-DNAT-TCP-0 1 | cut -d' ' -f3-)",
    # a rule in the root that stands in its block as well
    "iptables -t nat -A LINUXNET-DNAT $(iptables -t nat -S LINUXNET-DNAT-TCP-FF 1 | cut -d' ' -f3-)",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_tree_is_repaired(host: Host, damage: str) -> None:
    host.sh("ip link add br0 type bridge")
    host.module("dnat", MANY)
    repairs(host, "dnat", MANY, damage)


def test_owners_share_a_tree(any_host: Host) -> None:
    other = {
        "owner": "office",
        "aggregate": [{"host_port": str(port), "to_address": "172.19.0.2"} for port in range(50, 60)],
    }
    converge(any_host, "dnat", {**COMMON, "aggregate": PORTS[:60]})
    before = any_host.dump(counters=True)
    converge(any_host, "dnat", other)
    assert _tree(any_host)
    converge(any_host, "dnat", {**COMMON, "aggregate": PORTS[:60]}, changed=False)
    assert sum("linuxnet-dnat-shop" in text for text in rules(any_host, "nat", "LINUXNET-DNAT-TCP-00")) == 39
    converge(any_host, "dnat", {**_absent(other["aggregate"]), "owner": "office"})
    assert before.changes_to(any_host.dump(counters=True)) == []


@pytest.fixture
def published(host: Host, neighbour: Host) -> Host:
    """A host with a network of two endpoints; the neighbour is on its segment."""
    assert neighbour
    add_network(host)
    forward_everything(host)
    host.module("bridge_forward", NETWORK)
    host.module("masquerade", SOURCES)
    return host


def test_every_port_of_a_tree_is_reached(published: Host, neighbour: Host) -> None:
    published.module("dnat", MANY)
    web, db = published.inside("web"), published.inside("db")
    with web.server(80), db.server(80), web.server(81), web.server(8299, "udp"):
        for port in (1, 39, 4090, 4095, 4096, 4099, 65520, 65535, 8100, 8101):
            assert neighbour.ask("192.0.2.1", port), port
        assert neighbour.ask("192.0.2.1", 8299, "udp")
        assert neighbour.ask("192.0.2.1", 8150).local == "172.18.0.3", "one address comes before all"
        assert published.ask("127.0.0.1", 8200).local == "172.18.0.3"
        assert published.ask("127.0.0.1", 65535).local == "172.18.0.2"
        assert neighbour.ask("192.0.2.1", 40) is None
        assert neighbour.ask("192.0.2.1", 4100) is None


@pytest.mark.long
def test_no_connection_is_lost_while_the_form_changes(published: Host, neighbour: Host) -> None:
    published.module("dnat", {**COMMON, "aggregate": PORTS[:60]})
    with published.inside("web").server(80):
        process = neighbour.popen(["python3", "-c", _KNOCK], stdout=subprocess.PIPE)
        for _time in range(3):
            published.module("dnat", MANY)
            assert _tree(published)
            published.module("dnat", _absent(PORTS[60:]))
            assert not _tree(published)
        process.terminate()
        assert process.communicate()[0] == "reached\n"


_KNOCK = """
import socket, time
reached = False
while True:
    try:
        socket.create_connection(("192.0.2.1", 4095), timeout=1).close()
        if not reached:
            reached = True
            print("reached", flush=True)
    except OSError as error:
        print(error, flush=True)
    time.sleep(0.002)
"""
