# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody can open a port by spoofing an endpoint's address first."""

from __future__ import annotations

import pytest

from tests.integration.rule_hosts import NATIVE
from tests.integration.traffic import names
from tests.integration.traffic.attacks import Attack
from tests.integration.traffic.combinations import PAIRWISE, Combination
from tests.integration.traffic.keeping import drop_rules, flush, put_back
from tests.integration.traffic.names import CLOSED, RUSES, believed, speak
from tests.integration.traffic.packets import udp
from tests.integration.traffic.siege import Siege
from tests.integration.traffic.volley import fire

BOTH = (False, True)
#: What keeps others from speaking in an endpoint's name, in the texts of iptables-save and of nft.
_NAMES = r"^-A PREROUTING .*LINUXNET-PREROUTING|^-A LINUXNET-FROM .*(bridge-br[0-9]+ -j DROP|--src-type)"
_NATIVE_NAMES = r"^prerouting: jump names|^senders: .* drop|fib saddr type"


def _without_names(siege: Siege) -> None:
    drop_rules(siege, _NAMES, _NATIVE_NAMES)


def test_no_ruse_opens_anything(each_siege: Siege, combination: Combination) -> None:
    port = 24000 + 100 * PAIRWISE.index(combination)
    speak(each_siege, RUSES, port)
    assert believed(each_siege, RUSES, port) == []


def test_what_a_ruse_opens(each_siege: Siege) -> None:
    """The control: without the rules about sources the replies pass, and only because of the spoofed packets."""
    siege = each_siege
    siege.expose()
    _without_names(siege)
    assert believed(siege, RUSES, 20000) == []
    speak(siege, RUSES, 20100)
    opened = believed(siege, RUSES, 20100)
    siege.apply()
    siege.unfiltered()
    routed = [str(ruse) for ruse in RUSES if ruse.then.victim in ("r1", "r2")]
    nobody = [str(ruse) for ruse in RUSES if "nobody" in ruse.name and ruse.then.victim != "in1"]
    assert set(opened) >= {*routed, *nobody}


def test_what_was_opened_is_closed_by_the_repair(each_siege: Siege) -> None:
    siege = each_siege
    siege.expose()
    _without_names(siege)
    speak(siege, RUSES, 21000)
    opened = believed(siege, RUSES, 21000)
    siege.apply()
    siege.unfiltered()
    assert len(opened) > len(RUSES) / 2
    assert believed(siege, RUSES, 21000) == []


def test_what_was_translated_meanwhile_is_closed_too(each_siege: Siege) -> None:
    """Packets with web's address were translated to the host's own: the way back ends with the repair."""
    siege = each_siege
    siege.expose()
    flush(siege, "mangle", "filter")
    said = [Attack("", "", v6, "lan", "lan", "", names.udp("web", "lan", CLOSED)) for v6 in BOTH]
    fire(siege, said, 22000)
    back = [Attack("", "", v6, "lan", "web", "", udp(CLOSED)("lan", "host")) for v6 in BOTH]
    assert fire(siege, back, 22000) == back, "the control"
    siege.apply()
    siege.unfiltered()
    assert fire(siege, back, 22000) == []


@pytest.mark.parametrize(
    ("siege", "table"), [("nft", "mangle"), ("nft", "filter"), (NATIVE, "mangle")], indirect=["siege"]
)
def test_nor_while_one_table_is_flushed(siege: Siege, table: str) -> None:
    siege.configure(0, "ACCEPT", 0)
    with put_back(siege):
        flush(siege, table)
        speak(siege, RUSES, 23000)
        found = believed(siege, RUSES, 23000)
    assert found == []
