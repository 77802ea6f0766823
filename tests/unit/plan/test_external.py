# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining a foreign bridge."""

from __future__ import annotations

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.unit.plan.builders import plan
from tests.unit.plan.world import Info, empty_info, interface

POOL = {"subnet": "172.17.0.0/16", "iprange": "172.17.128.0/24"}


def docker(*addresses: str) -> Info:
    """A host with a foreign docker0 with an MTU of 1400."""
    info = empty_info()
    info["host"]["interfaces"].append(
        interface("docker0", kind="bridge", mtu=1400, addresses=addresses or ["172.17.0.1/16"])
    )
    return info


def joined(subnet: Info, **endpoint: object) -> Info:
    return {
        "name": "docker0",
        "external": True,
        "ipam_config": [subnet],
        "endpoints": [{"namespace": "web", **endpoint}],
    }


def test_the_bridge_is_not_edited() -> None:
    modules = plan(joined(POOL), docker())["modules"]
    assert modules["bridge"] == []
    assert modules["bridge_forward"] == []
    assert "docker0" not in [element["name"] for element in modules["interface"]]
    assert [element["bridge"] for element in modules["bridge_port"]] == ["docker0"]


def test_the_gateway_and_the_mtu_are_the_bridges_own() -> None:
    modules = plan(joined(POOL), docker("172.17.42.1/16"))["modules"]
    inside = next(element for element in modules["interface"] if "netns" in element)
    assert inside["routes"] == [{"to": "default", "via": "172.17.42.1"}]
    assert inside["addresses"] == ["172.17.128.0/16"]
    assert modules["veth"][0]["mtu"] == 1400


def test_a_given_gateway_counts_more() -> None:
    document = plan(joined({**POOL, "gateway": "172.17.0.9"}), docker())
    inside = next(element for element in document["modules"]["interface"] if "netns" in element)
    assert inside["routes"] == [{"to": "default", "via": "172.17.0.9"}]


def test_automatic_addresses_need_an_iprange() -> None:
    with pytest.raises(
        LinuxnetError, match=r"give the address, or bridge_network_ipam_config\[0\]\.iprange to choose from"
    ):
        plan(joined({"subnet": "172.17.0.0/16"}), docker())
    given = plan(joined({"subnet": "172.17.0.0/16"}, ipv4_address="172.17.1.2"), docker())
    assert given["endpoints"][0]["addresses"] == ["172.17.1.2/16"]


def test_without_any_gateway_there_is_no_default_route() -> None:
    with pytest.raises(
        LinuxnetError, match=r"default_route: True is not allowed: 172\.17\.0\.0/16 has no address of the bridge"
    ):
        plan(joined(POOL), docker("10.0.0.1/24"))
    assert plan(joined(POOL, default_route=False), docker("10.0.0.1/24"))


def test_a_bridge_that_is_missing() -> None:
    with pytest.raises(LinuxnetError, match="there is no bridge 'docker0' on the host"):
        plan(joined({**POOL, "gateway": "172.17.0.1"}), empty_info())
    document = plan(joined({**POOL, "gateway": "172.17.0.1"}), empty_info(), check_mode=True)
    assert any("there is no bridge 'docker0'" in warning for warning in document["warnings"])


def test_ports_are_published_without_a_setting_of_the_bridge() -> None:
    document = plan(joined(POOL, published_ports=["8080:80"]), docker())
    assert "out_interface" not in document["modules"]["dnat"][0]
    with pytest.raises(LinuxnetError, match="no loopback address on an external bridge"):
        plan(joined(POOL, published_ports=["127.0.0.1:8080:80"]), docker())


def test_absent_leaves_the_bridge() -> None:
    document = plan({"name": "docker0", "state": "absent"}, docker())
    assert not any(document["modules"].values())
