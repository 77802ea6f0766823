# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of host ends: stable, and recognised whatever was done to a link."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from tests.unit.plan.builders import elements, plan, variables
from tests.unit.plan.world import Info, after, empty_info, interface

DERIVED = names.host_interface("br0", "web", "eth0")


def built(*endpoints: t.Any) -> tuple[Info, Info]:
    """A host with these endpoints, and its only veth interface."""
    info = after(empty_info(), plan(variables(*endpoints)))
    return info, next(item for item in info["host"]["interfaces"] if item["kind"] == "veth")


def rename_peer(info: Info, end: Info) -> None:
    """Rename eth0 from inside."""
    end["peer"]["name"] = "renamed"
    inner = next(item for item in info["namespaces"][0]["interfaces"] if item["name"] == "eth0")
    inner["name"] = "renamed"
    for entry in info["namespaces"][0]["routes"]:
        entry["interface"] = "renamed"


def end_of(document: Info) -> str:
    assert not elements(document, "veth", "absent")
    return str(elements(document, "veth")[0]["name"])


def test_a_new_one_is_derived() -> None:
    assert end_of(plan(variables("web"))) == DERIVED


def test_a_name_that_is_taken_is_avoided() -> None:
    info = empty_info()
    info["host"]["interfaces"].append(interface(DERIVED, kind="dummy"))
    assert end_of(plan(variables("web"), info)) == names.host_interface("br0", "web", "eth0", {DERIVED})


def test_the_one_it_has_is_kept() -> None:
    info, end = built({"namespace": "web", "host_interface": "mine"})
    assert end["name"] == "mine"
    assert end_of(plan(variables("web"), info)) == "mine"


def test_a_given_one_renames_the_link() -> None:
    info, _end = built("web")
    assert end_of(plan(variables({"namespace": "web", "host_interface": "mine"}), info)) == "mine"


def test_a_renamed_peer_is_still_the_endpoints() -> None:
    info, end = built("web")
    rename_peer(info, end)
    document = plan(variables("web"), info)
    assert end_of(document) == DERIVED
    assert elements(document, "veth")[0]["peer_name"] == "eth0"


def test_another_interface_name_renames_the_peer() -> None:
    info, _end = built("web")
    document = plan(variables({"namespace": "web", "interface": "net0"}), info)
    assert end_of(document) == DERIVED


def test_a_link_whose_alias_was_edited_is_known_by_its_group() -> None:
    info, end = built("web")
    end.update(alias="words", group=marks.group("br0"), owner=None, endpoint=None)
    assert end_of(plan(variables("web"), info)) == DERIVED


def test_a_link_without_any_mark_is_somebody_elses_on_our_bridge_too() -> None:
    info, end = built("web")
    end.update(alias=None, group=0, owner=None, endpoint=None)
    (problem,) = plan(variables("web"), info)["problems"]
    assert "already has an interface 'eth0' that this collection did not create" in problem["sentence"]


def test_a_link_that_cannot_be_found_by_either_end_is_replaced() -> None:
    info, end = built("web")
    rename_peer(info, end)
    document = plan(variables({"namespace": "web", "host_interface": "mine"}), info)
    assert elements(document, "veth", "absent") == [{"name": DERIVED, "state": "absent"}]
    assert elements(document, "veth")[0]["name"] == "mine"


def test_where_endpoints_are_only_added_the_link_stays_with_its_endpoint() -> None:
    info, end = built({"namespace": "web", "default_route": False})
    want = variables({"namespace": "web", "interface": "net0"}, appends=True)
    assert end_of(plan(want, info)) != end["name"]


def test_one_that_systemd_would_take_for_its_own_is_renamed() -> None:
    info, end = built({"namespace": "e", "host_interface": "ve-1234567"})
    assert end["name"] == "ve-1234567"
    assert end_of(plan(variables("e"), info)) == names.host_interface("br0", "e", "eth0")


def test_a_strangers_link_in_a_group_that_is_numbered_like_ours_is_left_alone() -> None:
    info, _end = built("web")
    other = interface("lxc0", kind="veth", group=marks.group("br0"))
    info["host"]["interfaces"].append({**other, "peer": {"netns": "elsewhere", "name": "eth0"}})
    assert not elements(plan(variables("web"), info), "veth", "absent")
    gone = plan({"name": "br0", "state": "absent"}, info)
    assert "lxc0" not in [element["name"] for element in gone["modules"]["veth"]]


@pytest.mark.parametrize("bridge", ["br0", None])
def test_one_that_lost_its_alias_goes_by_its_group_with_its_bridge_or_its_namespace(bridge: str | None) -> None:
    info, end = built("web")
    end.update(alias=None, owner=None, endpoint=None, bridge=bridge)
    assert elements(plan(variables(), info), "netns", "absent") == [{"name": "web", "state": "absent"}]
    kept = plan(variables({"namespace": "web", "interface": "eth1"}), info)
    assert DERIVED in [element["name"] for element in kept["modules"]["veth"]]
