# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bridge, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host

EVERYTHING = {
    "name": "br0",
    "mtu": 1400,
    "mac_address": "02:42:ac:12:00:01",
    "stp": True,
    "forward_delay": 4,
    "ageing_time": 100,
    "priority": 4096,
    "multicast_snooping": False,
}


def _bridge(host: Host, name: str = "br0") -> Any:
    return host.ip("link", "show", name)[0]


def test_a_bridge_with_defaults(host: Host) -> None:
    converge(host, "bridge", {"name": "br0"})
    bridge = _bridge(host)
    assert (bridge["linkinfo"]["info_kind"], bridge["mtu"], bridge["ifalias"]) == ("bridge", 1500, "linuxnet:default:")


def test_ports_change_neither_the_mac_nor_a_chosen_mtu(host: Host) -> None:
    host.module("bridge", {"name": "br0", "mtu": 1500})
    before = _bridge(host)
    host.sh("ip link add p0 mtu 1280 address 00:00:00:00:00:05 type veth peer p1 && ip link set p0 master br0")
    after = _bridge(host)
    assert (after["address"], after["mtu"]) == (before["address"], 1500)


def test_every_option(host: Host) -> None:
    converge(host, "bridge", EVERYTHING)
    bridge = _bridge(host)
    data = bridge["linkinfo"]["info_data"]
    assert (bridge["mtu"], bridge["address"]) == (1400, "02:42:ac:12:00:01")
    assert (data["stp_state"], data["forward_delay"], data["ageing_time"]) == (1, 400, 10000)
    assert (data["priority"], data["mcast_snooping"]) == (4096, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "ip link set br0 mtu 1300",
        "ip link set br0 address 02:00:00:00:00:07",
        "ip link set br0 alias mine",
        "ip link set br0 group 7",
        "ip link set br0 type bridge stp_state 0",
        "ip link set br0 type bridge forward_delay 900",
        "ip link set br0 type bridge ageing_time 30000",
        "ip link set br0 type bridge priority 1",
        "ip link set br0 type bridge mcast_snooping 1",
    ],
)
def test_drift_is_repaired(host: Host, damage: str) -> None:
    host.module("bridge", EVERYTHING)
    host.sh("ip link add br1 type bridge && ip link set br0 up")
    repairs(host, "bridge", EVERYTHING, damage)


def test_a_deleted_bridge_is_made_again(host: Host) -> None:
    host.module("bridge", EVERYTHING)
    repairs_options = {**EVERYTHING}
    host.sh("ip link del br0")
    assert converge(host, "bridge", repairs_options)["diff"][0]["before"] == {}


def test_options_that_are_not_given_are_left_alone(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    host.sh("ip link set br0 type bridge ageing_time 5000 priority 77")
    converge(host, "bridge", {"name": "br0"}, changed=False)


def test_on_a_foreign_bridge_only_given_options_are_touched(host: Host) -> None:
    host.sh("ip link add br0 alias office type bridge")
    before = _bridge(host)
    converge(host, "bridge", {"name": "br0"}, changed=False)
    converge(host, "bridge", {"name": "br0", "mtu": 1400})
    after = _bridge(host)
    assert {**before, "mtu": 1400} == after
    refused(host, "bridge", {"name": "br0", "state": "absent"}, "was not made by this collection")


def test_a_strangers_bridge_in_a_group_that_is_numbered_like_ours_is_left_alone(host: Host) -> None:
    host.sh(f"ip link add br0 group {marks.group('default')} type bridge")
    before = _bridge(host)
    converge(host, "bridge", {"name": "br0"}, changed=False)
    assert _bridge(host) == before
    refused(host, "bridge", {"name": "br0", "state": "absent"}, "interface br0 was not made by this collection")


@pytest.mark.parametrize("more", [{}, {"mac_address": "02:42:ac:12:00:01"}, {"owner": "br0"}], ids=str)
def test_a_bridge_that_lost_its_alias_goes_by_its_group(host: Host, more: dict[str, Any]) -> None:
    """If something else confirms that it is ours: its MAC address, its name or a port."""
    options = {"name": "br0", **more}
    host.module("bridge", options)
    repairs(host, "bridge", options, "ip link set br0 alias ''")
    host.module("veth", {"name": "v0", "peer_name": "v1", "owner": more.get("owner", "default")})
    host.sh("ip link set br0 alias ''; ip link set br0 address 02:00:00:00:00:07; ip link set v0 master br0")
    converge(host, "bridge", {**options, "state": "absent"})


def test_another_owners_bridge_is_refused(host: Host) -> None:
    host.module("bridge", {"name": "br0", "owner": "shop"})
    refused(host, "bridge", {"name": "br0", "mtu": 1400}, "belongs to owner shop")
    refused(host, "bridge", {"name": "br0", "state": "absent"}, "belongs to owner shop")


def test_absent_names_foreign_ports_and_leaves_them(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    host.sh("ip link add p0 type veth peer p1 && ip link set p0 master br0")
    done = converge(host, "bridge", {"name": "br0", "state": "absent"})
    assert "its foreign ports stay: p0" in json.dumps(done["warnings"])
    assert host.ip("link", "show", "p0")
    converge(host, "bridge", {"name": "br0", "state": "absent"}, changed=False)


def test_absent_forgets_what_was_put_on_it(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    host.sh("ip link add p0 type veth peer p1")
    host.module("bridge_port", {"interface": "p0", "bridge": "br0"})
    assert "warnings" not in converge(host, "bridge", {"name": "br0", "state": "absent"})
    assert host.ip("link", "show", "p0")
    assert not host.exists("/run/linuxnet")


def test_in_a_namespace_by_name_and_by_path(host: Host) -> None:
    host.module("netns", {"name": "web"})
    converge(host, "bridge", {"name": "br0", "netns": "web"})
    converge(host, "bridge", {"name": "br0", "netns": "/run/netns/web"}, changed=False)
    assert "br0" in host.sh("ip -n web link")
    assert "br0" not in host.sh("ip link")
    converge(host, "bridge", {"name": "br0", "netns": "nowhere", "state": "absent"}, changed=False)


def test_check_mode_in_a_namespace_that_does_not_exist_yet(host: Host) -> None:
    foretold = host.module("bridge", {"name": "br0", "netns": "web"}, check=True)
    assert "treated as just created: web" in json.dumps(foretold["warnings"])
    assert "does not exist" in host.module("bridge", {"name": "br0", "netns": "web"}, fails=True)["msg"]
    host.module("netns", {"name": "web"})
    assert host.module("bridge", {"name": "br0", "netns": "web"})["diff"] == foretold["diff"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "averylongbridge0"}, "name: 'averylongbridge0' is not allowed: an interface name has 1 to 15 bytes"),
        ({"name": "br 0"}, "name: 'br 0' is not allowed"),
        ({"name": "br0", "mtu": 20}, "mtu: 20 is not allowed: 68 to 65535 bytes"),
        ({"name": "br0", "forward_delay": 1}, "forward_delay: 1 is not allowed: 2 to 30"),
        ({"name": "br0", "mac_address": 1893464734}, "quote it"),
        ({"name": "br0", "mac_address": "01:00:5e:00:00:01"}, "a unicast MAC address"),
        ({"name": "lo"}, "interface lo exists and is not a bridge"),
        ({"name": "br0", "netns": "a/b"}, "netns: 'a/b' is not allowed"),
    ],
)
def test_bad_input_is_one_sentence(host: Host, options: dict[str, object], sentence: str) -> None:
    refused(host, "bridge", options, sentence)


@pytest.mark.parametrize("module", ["bridge", "netns"])
def test_without_the_right_to_change_the_network(host: Host, module: str) -> None:
    run = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *host.module_argv(module, {"name": "br0"})]
    assert "this needs root" in json.loads(host.run(run, check=False).out)["msg"]
