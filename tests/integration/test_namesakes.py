# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One namespace for two endpoints, under two names, by a process or a file: only visible on the host."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP
from tests.integration.promises import refused
from tests.lab.host import Host


def _with(*endpoints: dict[str, Any]) -> dict[str, Any]:
    return {**SHOP, "endpoints": list(endpoints)}


def _by(word: str, pid: int) -> dict[str, Any]:
    ways = {"pid": {"pid": pid}, "process": {"path": f"/proc/{pid}/ns/net"}, "file": {"path": "/run/elsewhere"}}
    return {"namespace": "two", **ways[word]}


@pytest.mark.parametrize("word", ["pid", "process", "file"])
@pytest.mark.parametrize("more", [{}, {"interface": "eth1", "default_route": False}])
@pytest.mark.parametrize("turned", [False, True])
def test_a_name_and_another_way_to_the_same_namespace(
    host: Host, word: str, more: dict[str, Any], turned: bool
) -> None:
    host.sh("ip netns add one; touch /run/elsewhere; mount --bind /run/netns/one /run/elsewhere")
    process = host.spawn(["sleep", "100"], netns="one")
    endpoints = [{"namespace": "one"}, {**_by(word, process.pid), **more}]
    want = _with(*(reversed(endpoints) if turned else endpoints))
    refused(host, "bridge_network", want, "is the same namespace as")
    message = host.module("bridge_network", want, fails=True)["msg"]
    assert "namespace one" in message
    assert "namespace two (" in message
    assert message.endswith("; use one name for both endpoints")


def test_two_processes_of_one_namespace(host: Host) -> None:
    host.sh("ip netns add somewhere")
    pids = [host.spawn(["sleep", "100"], netns="somewhere").pid for _number in range(2)]
    endpoints = [{"namespace": name, "pid": pid} for name, pid in zip(("one", "two"), pids, strict=True)]
    refused(host, "bridge_network", _with(*endpoints), f"namespace two (/proc/{pids[1]}/ns/net) is the same")


@pytest.mark.long
def test_one_name_for_two_interfaces_is_fine(host: Host) -> None:
    pid = host.spawn(["sleep", "100"], unshare_net=True).pid
    endpoints = [{"namespace": "one", "pid": pid}, {"namespace": "one", "pid": pid, "interface": "eth1"}]
    want = _with(endpoints[0], {**endpoints[1], "default_route": False}, {"namespace": "two"})
    assert host.module("bridge_network", want)["changed"]
    assert not host.module("bridge_network", want)["changed"]
    assert host.inside("one").reaches("172.18.0.1")


@pytest.mark.long
def test_where_the_network_stands_it_costs_that_endpoint_alone(host: Host) -> None:
    host.sh("ip netns add one")
    process = host.spawn(["sleep", "100"], netns="one")
    host.module("bridge_network", _with({"namespace": "one"}))
    host.sh("iptables -t nat -F")
    endpoints = [{"namespace": "one"}, _by("pid", process.pid), {"namespace": "three"}]
    sentence = f"namespace two (/proc/{process.pid}/ns/net) is the same namespace as namespace one"
    told = [host.module("bridge_network", _with(*endpoints), check=check, fails=True) for check in (True, False)]
    for one in told:
        assert [sentence in failure for failure in one["failures"]] == [True]
    assert told[0]["diff"] == told[1]["diff"]
    assert "MASQUERADE" in host.sh("iptables-save -t nat")
    assert host.inside("three").reaches("172.18.0.1")
    assert sorted(host.sh("ls /run/netns").split()) == ["one", "three"]
