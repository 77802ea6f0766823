# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds after a real firewalld was reloaded, until the networks' next run: the last table of docs/flush.md."""

from __future__ import annotations

import pytest

from tests.integration.rule_hosts import NATIVE
from tests.integration.traffic import wanted
from tests.integration.traffic.holding import found, tells
from tests.integration.traffic.siege import BRIDGES, besieged
from tests.integration.traffic.volley import sound
from tests.newest.firewalld import Firewalld

pytestmark = pytest.mark.needs("newest-engines")

#: By the heading of its columns, what the networks use.
_FIREWALLS = {"iptables": "nft", "nftables": NATIVE}
_BACKENDS = ("nftables", "iptables")


def test_what_holds_after_a_reload() -> None:
    """docs/flush.md describes it; UPDATE_DOCUMENTS=1 in the environment rewrites it."""
    columns = {}
    for name, firewall in _FIREWALLS.items():
        with besieged(firewall) as siege:
            firewalld = Firewalld(siege.host)
            zone = "firewall-cmd --permanent --zone=trusted --add-interface="
            firewalld.do("\n".join(zone + bridge for bridge in BRIDGES))
            for backend in _BACKENDS:
                firewalld.set(FirewallBackend=backend)
                firewalld.do("firewall-cmd --reload")
                siege.apply()
                siege.unfiltered()
                siege.free_ports()
                firewalld.do("firewall-cmd --reload")
                columns[f"{name}, firewalld with {backend}"] = found(siege)
                siege.apply()
                siege.unfiltered()
                sound(siege)
                assert wanted.found(siege, list(wanted.others())) == {}
    tells("firewalld", columns)
