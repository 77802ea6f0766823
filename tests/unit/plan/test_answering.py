# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports published on a network that does not provide the endpoint's default route."""

from __future__ import annotations

from typing import Any

from tests.unit.plan.builders import plan, variables
from tests.unit.plan.world import empty_info, interface

WEB = {"namespace": "web", "interface": "eth1", "default_route": False, "published_ports": ["8080:80"]}


def _info(bridge: str | None) -> dict[str, Any]:
    """A host with a namespace whose default route leads to a link on a bridge, or on none."""
    info = empty_info()
    end = interface("vweb", kind="veth", bridge=bridge)
    end["peer"] = {"netns": "web", "name": "eth0"}
    route = {
        "to": "default", "ip_version": "ipv4", "interface": "eth0", "via": "10.0.0.1",
        "table": "main", "type": "unicast", "metric": 0,
    }  # fmt: skip
    info["host"]["interfaces"].append(end)
    info["namespaces"].append(
        {"name": "web", "live": True, "owners": [], "attached": False, "leases": {}, "pids": [],
         "interfaces": [interface("eth0", kind="veth")], "routes": [route], "neighbours": []}
    )  # fmt: skip
    return info


def _answers_by(want: Any, info: dict[str, Any]) -> list[Any]:
    (element,) = plan(want, info)["modules"]["bridge_forward"]
    found: list[Any] = element["answers_by"]
    return found


def test_the_bridge_of_the_default_route() -> None:
    assert _answers_by(variables(WEB), _info("docker0")) == [{"interface": "docker0", "addresses": ["172.18.0.2"]}]


def test_from_its_own_mac_address_where_this_host_is_the_router() -> None:
    info = _info("docker0")
    info["namespaces"][-1]["interfaces"][0]["mac_address"] = mac = "02:00:00:00:00:09"
    plain = [{"interface": "docker0", "addresses": ["172.18.0.2"]}]
    info["host"]["interfaces"].append(interface("docker0", kind="bridge", addresses=["10.0.0.2/24"]))
    assert _answers_by(variables(WEB), info) == plain
    info["host"]["interfaces"][-1] = interface("docker0", kind="bridge", addresses=["10.0.0.1/24"])
    assert _answers_by(variables(WEB), info) == [{**plain[0], "mac_address": mac}]
    assert _answers_by(variables({**WEB, "guard": False}), info) == plain


def test_an_end_that_is_on_no_bridge_stands_for_itself() -> None:
    assert _answers_by(variables(WEB), _info(None)) == [{"interface": "vweb", "addresses": ["172.18.0.2"]}]


def test_an_end_of_ours_that_lost_its_bridge_is_put_back_there() -> None:
    info = _info(None)
    info["host"]["interfaces"][-1].update(alias="linuxnet:br0:web", owner="br0", endpoint="web")
    assert _answers_by(variables(WEB), info) == []


def test_nobody_else_is_let_in() -> None:
    assert _answers_by(variables({**WEB, "published_ports": []}), _info("docker0")) == []
    assert _answers_by(variables({"namespace": "db", "published_ports": ["8080:80"]}), _info("docker0")) == []


def test_without_any_default_route_there_is_a_warning() -> None:
    (warning,) = plan(variables(WEB))["warnings"]
    assert warning == (
        "bridge_network_endpoints[0].published_ports: namespace 'web' has no default route, so only this host and "
        "the network's own endpoints get replies; if another network provides one, apply that network first"
    )
    assert plan(variables(WEB), _info("docker0"))["warnings"] == []
