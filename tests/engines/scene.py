# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine's networks in a town of their own, with a server and a watcher at every place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from tests.engines.engine import OLD, OLD_ADDRESS, Engine
from tests.engines.packages import Missing
from tests.integration.traffic import agents
from tests.integration.traffic.siege import BRIDGE_OF, SECOND, Siege
from tests.lab import town
from tests.lab.host import Host
from tests.lab.lab import Lab

#: A port of the host itself that nobody publishes.
OWN_PORT = 9999
_PLACES = ("lan", "outside", *BRIDGE_OF)
_SETTLE_SECONDS = 20


@contextlib.contextmanager
def scene(engine: Engine) -> Iterator[Siege]:
    """The host as the engine left it, including FORWARD's policy and the sysctls."""
    with Lab() as lab:
        built = town.build(lab)
        built.host.sh(f"ip address add {SECOND}/24 dev eth0")
        _show_bridged_packets(built.host)
        engine.build(built.host)
        found = Siege(built.host, built.neighbour, built.outside)
        _await_addresses(built.host)
        found.watch("host")
        for name in _PLACES:
            found.watch(name)
            found.serve(name)
        where = [("tcp", OLD_ADDRESS, 80), ("udp", OLD_ADDRESS, 53)]
        found.servers[OLD] = built.host.inside(OLD).start(agents.serve_all, where)
        found.settle()
        try:
            yield found
        finally:
            found.stop()


def policies(host: Host) -> str:
    """FORWARD's policies, for IPv4 and IPv6 separately if they differ."""
    found = []
    for program in ("iptables", "ip6tables"):
        found.append(host.run([program, "-S", "FORWARD"]).out.splitlines()[0].split()[-1])
    return found[0] if found[0] == found[1] else f"{found[0]}, IPv6: {found[1]}"


def _show_bridged_packets(host: Host) -> None:
    """Enable what engines rely on for filtering between endpoints; it is the default once br_netfilter is loaded."""
    for kind in ("iptables", "ip6tables"):
        if not host.exists(f"/proc/sys/net/bridge/bridge-nf-call-{kind}"):
            raise Missing("the kernel module br_netfilter is not loaded, on which engines rely")
        host.sysctl(f"net/bridge/bridge-nf-call-{kind}", 1)


def _await_addresses(host: Host) -> None:
    """Wait for duplicate address detection, which engines leave on and which would look like silence."""
    end = time.monotonic() + _SETTLE_SECONDS
    places = [host, *(host.inside(name) for name in BRIDGE_OF)]
    while any(place.run(["ip", "address", "show", "tentative"]).out for place in places):
        if time.monotonic() > end:
            return
        time.sleep(0.2)
