# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints in a network's file when endpoints are added to it."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import RESOURCES
from tests.unit.plan.builders import dual, elements, plan
from tests.unit.plan.world import Info, after, empty_info

#: What says whether endpoints are only added, in definitions of the whole network.
PURGED = {"purge_neighbours", "purge_senders"}


def _neighbours(document: Info) -> list[list[Info]]:
    """According to the rules, and to the bridge."""
    bridge = next(one for one in document["modules"]["interface"] if one["name"] == "br0" and "netns" not in one)
    return [document["modules"]["bridge_forward"][0]["neighbours"], bridge["neighbours"]]


def _file(made: Info, before: Info | None = None) -> Info:
    return network_document.document("br0", "br0", made["modules"], before, RESOURCES)


def test_who_is_added_is_guarded_beside_those_who_are_there() -> None:
    first = plan(dual("web"))
    second = plan(dual("db", appends=True), after(empty_info(), first))
    both = _file(second, _file(first))
    at_once = _file(plan(dual("web", "db")))
    for found, wanted in zip(_neighbours(both), _neighbours(at_once), strict=True):
        assert sorted(one["address"] for one in found) == sorted(one["address"] for one in wanted)


def test_an_address_that_has_another_mac_address_now_stands_there_once() -> None:
    first = plan(dual("web"))
    changed = {"namespace": "web", "mac_address": "02:42:ac:12:00:02"}
    second = plan(dual(changed, appends=True), after(empty_info(), first))
    for found in _neighbours(_file(second, _file(first))):
        mine = [one["mac_address"] for one in found if one["address"] == "172.18.0.2"]
        assert mine == ["02:42:ac:12:00:02"]


def test_it_is_the_same_whether_the_first_endpoints_are_added_or_all_there_are() -> None:
    listed = ("web", {"namespace": "db", "egress": ["10.0.0.0/8"]})
    added = _file(plan(dual(*listed, appends=True)), network_document.empty(RESOURCES))
    at_once = _file(plan(dual(*listed)))
    for kind, wanted in at_once["modules"].items():
        found = [{word: value for word, value in one.items() if word not in PURGED} for one in added["modules"][kind]]
        assert found == [{word: value for word, value in one.items() if word not in PURGED} for one in wanted]


def test_a_port_that_nothing_creates_at_boot_is_not_in_it() -> None:
    before = plan(dual("web"))
    apart = plan(dual("db", icc=False, appends=True), after(empty_info(), before))
    ends = {one["peer_netns"]: one["name"] for document in (before, apart) for one in elements(document, "veth")}
    assert [one["interface"] for one in elements(apart, "bridge_port")] == [ends["db"], ends["web"]]
    (port,) = _file(apart, network_document.empty(RESOURCES))["modules"]["bridge_port"]
    assert port["interface"] == ends["db"]
    both = _file(apart, _file(before))["modules"]["bridge_port"]
    assert {one["interface"]: (one["isolated"], one["locked"]) for one in both} == dict.fromkeys(
        ends.values(), (True, True)
    )
