# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real firewalld beside a network: what it ends, which line is told against that, and what a reload leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.networks import SHOP
from tests.lab import town, traffic
from tests.lab.lab import Lab
from tests.lab.town import Town
from tests.newest.firewalld import Firewalld

pytestmark = pytest.mark.needs("newest-engines")

RELOADS = ("firewall-cmd --reload", "firewall-cmd --complete-reload")
_OUT = {"out to the world", "out to the segment"}
_PUBLISHED = {"published to the segment", "published to the world", "published to the host"}
_TRUSTED = "firewall-cmd --permanent --zone=trusted --change-interface=br-shop && firewall-cmd --reload"
_NO_ZONE = f"firewalld rejects forwarded packets of br-shop, which is in no zone that accepts them: {_TRUSTED}"
_FORWARDED = "port=8080:proto=tcp:toport=80:toaddr=172.18.0.2"
_STRICT = "firewalld rejects connections to published ports, since it has StrictForwardPorts=yes and does not forward"


class Site:
    """A host on which firewalld runs, and its network."""

    def __init__(self, built: Town, firewall: str) -> None:
        self.host, self._lan, self._outside = built.host, built.neighbour, built.outside
        self._web = built.host.inside("web")
        self._firewall = firewall
        self._serving = False

    def apply(self) -> tuple[bool, list[str]]:
        """Whether the network's run changed anything, and its warnings."""
        given = {"aggregate": [SHOP], "firewall": self._firewall}
        foretold = self.host.module("bridge_network", given, check=True)
        result = self.host.module("bridge_network", given)
        assert foretold["changed"] is result["changed"]
        return result["changed"], result["warnings"]

    def lost(self) -> set[str]:
        """The paths on which nobody answers, in either family."""
        if not self._serving:
            self._serving = True
            for place, port in ((self._web, 80), (self.host.inside("db"), 90), (self._outside, 80), (self._lan, 80)):
                place.start(traffic.serve, "tcp", "::", port)
        answers = [("to its neighbour", self._web.ask("172.18.0.10", 90))]
        for family in (0, 1):
            published = (town.HOST[family], 8080)
            answers += [
                ("out to the world", self._web.ask(town.WORLD[family], 80)),
                ("out to the segment", self._web.ask(town.NEIGHBOUR[family], 80)),
                ("published to the segment", self._lan.ask(*published)),
                ("published to the world", self._outside.ask(*published)),
                ("published to the host", self.host.ask(*published)),
            ]
        return {path for path, answer in answers if answer is None}

    def ends(self) -> tuple[str, str | None]:
        """What path_info tells of a packet to the world, where somebody listens."""
        asked = {"source": {"namespace": "web"}, "destination": town.WORLD[0], "port": 80}
        result = self.host.module("path_info", asked)
        by = result["hops"][-1]["by"]
        return result["verdict"], by and by["tool"]


@pytest.fixture(params=["iptables", "nftables"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with Lab() as lab:
        yield Site(town.build(lab), request.param)


def _line(warning: str) -> str:
    """The line to run that a warning ends with."""
    return warning.partition(": ")[2]


def test_the_line_that_is_told_is_enough_and_what_a_reload_takes_away_is_repaired(site: Site) -> None:
    firewalld = Firewalld(site.host)
    assert site.apply() == (True, [_NO_ZONE])
    assert site.lost() - {"to its neighbour"} == _OUT, "which are bridged frames, and pass unless the kernel shows them"
    assert site.ends() == ("rejected", "firewalld")
    firewalld.do(_line(_NO_ZONE))
    assert site.lost() == set()
    assert site.ends() == ("answered", None)
    for line in RELOADS:
        firewalld.do(line)
        assert site.lost() == set()
        assert site.apply() == (False, [])
    firewalld.do("firewall-cmd --permanent --direct --add-rule ipv4 filter OUTPUT 0 -j ACCEPT && firewall-cmd --reload")
    assert site.apply() == (True, []), "it flushes the tables of iptables as soon as it has rules there"
    assert site.apply() == (False, [])
    assert site.lost() == set()


def test_a_zone_is_told_if_it_drops_and_not_if_it_accepts(site: Site) -> None:
    firewalld = Firewalld(site.host)
    firewalld.do("firewall-cmd --set-default-zone=trusted")
    assert site.apply() == (True, [])
    assert site.lost() == set()
    firewalld.do("firewall-cmd --set-default-zone=public")
    firewalld.do("firewall-cmd --permanent --zone=internal --add-interface=another")
    firewalld.do(_TRUSTED.replace("trusted", "internal"))
    assert site.apply() == (False, [_NO_ZONE])
    assert site.lost() == _OUT
    firewalld.do(_line(_NO_ZONE))
    assert site.apply() == (False, [])
    assert site.lost() == set()


def test_a_default_zone_with_the_uplink_is_enough(site: Site) -> None:
    """But for bridged frames, if the kernel shows them to the rules."""
    firewalld = Firewalld(site.host)
    firewalld.do("firewall-cmd --permanent --zone=public --add-interface=eth0 && firewall-cmd --reload")
    assert site.apply() == (True, [_NO_ZONE])
    assert site.lost() == {"to its neighbour"}
    for kind in ("iptables", "ip6tables"):
        site.host.sysctl(f"net/bridge/bridge-nf-call-{kind}", 0)
    assert site.apply() == (True, []), "some rules are only for frames that the kernel shows"
    assert site.lost() == set()


@pytest.mark.parametrize(("site", "backend"), [("iptables", "iptables"), ("nftables", "nftables")], indirect=["site"])
def test_strict_forward_ports_are_told_with_the_line_against_them(site: Site, backend: str) -> None:
    """Each firewall beside the one of firewalld's backends that comes closest to it."""
    firewalld = Firewalld(site.host, StrictForwardPorts="yes", FirewallBackend=backend)
    firewalld.do("firewall-cmd --set-default-zone=trusted")
    changed, (warning,) = site.apply()
    assert changed
    assert warning.startswith(_STRICT)
    assert site.lost() == _PUBLISHED
    if backend == "nftables":
        forward = f"firewall-cmd --permanent --add-forward-port={_FORWARDED} && firewall-cmd --reload"
        firewalld.do(forward)
        assert site.lost() == {"published to the host"}, "as the role's README says"
        firewalld.do(forward.replace("--add", "--remove"))
    firewalld.do(_line(warning))
    # With iptables as its backend, the reload took the network's rules away as well.
    assert site.apply() == (backend == "iptables", [])
    assert site.apply() == (False, [])
    assert site.lost() == set()


def test_nothing_is_told_and_every_reload_repaired_if_firewalld_uses_iptables(site: Site) -> None:
    """The network needs no zone there: what it accepts comes before firewalld's own chains."""
    firewalld = Firewalld(site.host, FirewallBackend="iptables")
    assert site.apply() == (True, [])
    assert site.lost() == set()
    firewalld.do("firewall-cmd --complete-reload")
    assert site.lost()
    assert site.apply() == (True, [])
    assert site.apply() == (False, [])
    assert site.lost() == set()
