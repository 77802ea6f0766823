# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module veth, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from tests.integration.promises import converge, refused, repairs
from tests.integration.settling import settle
from tests.lab.host import Host

PAIR = {
    "name": "vweb",
    "peer_name": "eth0",
    "peer_netns": "web",
    "mtu": 1400,
    "txqueuelen": 500,
    "mac_address": "02:00:00:00:00:01",
    "peer_mac_address": "02:00:00:00:00:02",
}


@pytest.fixture
def spaces(host: Host) -> Host:
    """A host with the namespaces web and db."""
    host.module("netns", {"aggregate": [{"name": "web"}, {"name": "db"}]})
    return host


def _link(host: Host, name: str, netns: str | None = None) -> Any:
    where = ["-n", netns] if netns else []
    return host.ip(*where, "link", "show", name)[0]


def test_a_pair_into_a_namespace(spaces: Host) -> None:
    converge(spaces, "veth", PAIR)
    first, second = _link(spaces, "vweb"), _link(spaces, "eth0", "web")
    assert (first["txqlen"], second["txqlen"]) == (500, 500)
    assert (first["mtu"], first["address"], first["ifalias"]) == (1400, "02:00:00:00:00:01", "linuxnet:default:web")
    assert (second["mtu"], second["address"]) == (1400, "02:00:00:00:00:02")
    assert "ifalias" not in second


def test_a_pair_inside_one_namespace_and_one_between_two(spaces: Host) -> None:
    converge(spaces, "veth", {"name": "a", "peer_name": "b"})
    assert _link(spaces, "a")["link"] == "b"
    converge(spaces, "veth", {"name": "to-db", "netns": "web", "peer_name": "to-web", "peer_netns": "db"})
    assert _link(spaces, "to-db", "web")["ifalias"] == "linuxnet:default:db"
    assert _link(spaces, "to-web", "db")["linkinfo"]["info_kind"] == "veth"
    converge(spaces, "veth", {"name": "x", "netns": "web", "peer_name": "y", "peer_netns": "web"})


@pytest.mark.parametrize(
    ("netns", "damage"),
    [
        (None, "ip link set vweb mtu 1300"),
        (None, "ip link set vweb txqueuelen 1000"),
        ("web", "ip link set eth0 txqueuelen 7"),
        ("web", "ip link set eth0 mtu 1300"),
        (None, "ip link set vweb address 02:00:00:00:00:07"),
        ("web", "ip link set eth0 address 02:00:00:00:00:07"),
        (None, "ip link set vweb alias mine"),
        (None, "ip link set vweb group 7"),
        (None, "ip link set vweb name other"),
        ("web", "ip link set eth0 name other"),
        ("web", "ip link set eth0 name tmp && ip link set vpeer name eth1 && ip link set tmp name vpeer"),
    ],
)
def test_drift_is_repaired(spaces: Host, netns: str | None, damage: str) -> None:
    spaces.module("veth", PAIR)
    spaces.module("veth", {"name": "v2", "peer_name": "vpeer", "peer_netns": "web"})
    if "vpeer" in damage:
        spaces.sh(f"ip netns exec web sh -ec '{damage}'")
        converge(spaces, "veth", {"name": "v2", "peer_name": "eth1", "peer_netns": "web"}, changed=False)
        converge(spaces, "veth", PAIR)
        return
    repairs(spaces, "veth", PAIR, damage, netns)


@pytest.mark.long
def test_an_end_that_is_up_is_renamed_and_stays_up(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    spaces.sh("ip link set vweb up; ip addr add 10.0.0.1/24 dev vweb; ip -n web link set eth0 up")
    settle(spaces, "web")
    repairs(spaces, "veth", PAIR, "ip link set vweb name other")


@pytest.mark.parametrize(
    "damage",
    [
        "ip -n web link set eth0 netns db",
        "ip -n web link set eth0 netns db name other",
        "ip link set vweb netns db",
        "ip link set vweb netns db name other",
        "ip -n web link set eth0 netns 1",
    ],
)
def test_an_end_in_the_wrong_namespace_is_moved(spaces: Host, damage: str) -> None:
    spaces.module("veth", PAIR)
    first = _link(spaces, "vweb")
    spaces.sh(damage)
    converge(spaces, "veth", PAIR)
    assert _link(spaces, "vweb")["address"] == first["address"]
    assert _link(spaces, "eth0", "web")["address"] == "02:00:00:00:00:02"


def test_a_pair_that_leads_into_a_lost_namespace_is_made_again(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    with spaces.spawn(["sleep", "60"], netns="web"):
        spaces.sh("ip netns del web && ip netns add web")
        done = converge(spaces, "veth", PAIR)
        assert "peer_netns" not in done["diff"][0]["before"]
        assert _link(spaces, "eth0", "web")["mtu"] == 1400


def test_a_foreign_pair_into_a_lost_namespace_is_left_alone(spaces: Host) -> None:
    spaces.sh("ip link add vweb type veth peer eth0 netns web")
    with spaces.spawn(["sleep", "60"], netns="web"):
        spaces.sh("ip netns del web && ip netns add web")
        refused(spaces, "veth", PAIR, "veth vweb was not created by this collection and differs in")


def test_foreign_pairs_are_accepted_as_they_are_and_never_edited(spaces: Host) -> None:
    spaces.sh("ip link add vweb type veth peer eth0 netns web")
    want = {"name": "vweb", "peer_name": "eth0", "peer_netns": "web"}
    converge(spaces, "veth", want, changed=False)
    refused(
        spaces,
        "veth",
        {**want, "mtu": 1400},
        "veth vweb was not created by this collection and differs in mtu, peer_mtu; delete it, or hand it over",
    )
    refused(spaces, "veth", {**want, "peer_name": "eth1"}, "differs in peer_name")
    refused(spaces, "veth", {**want, "state": "absent"}, "was not made by this collection and is left alone")
    # The sentence says how to hand it over.
    message = spaces.module("veth", {**want, "mtu": 1400}, fails=True)["msg"]
    spaces.sh(message.partition("hand it over with: ")[2])
    converge(spaces, "veth", {**want, "mtu": 1400})


def test_another_owners_pair_is_refused(spaces: Host) -> None:
    spaces.module("veth", {**PAIR, "owner": "shop"})
    refused(spaces, "veth", PAIR, "veth vweb belongs to owner shop; pass owner: shop")
    refused(spaces, "veth", {"name": "vweb", "state": "absent"}, "belongs to owner shop")
    # Named only by its peer it is not ours either, so there is nothing to remove.
    converge(spaces, "veth", {**PAIR, "name": "v9", "state": "absent"}, changed=False)


def test_two_ends_that_are_no_pair_are_named(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    spaces.module("veth", {"name": "vdb", "peer_name": "eth0", "peer_netns": "db"})
    refused(
        spaces,
        "veth",
        {**PAIR, "peer_netns": "db"},
        "veth vweb and veth eth0 in namespace db both exist but are not a pair: the other end of vweb is eth0 in "
        "namespace web, that of eth0 in namespace db is vdb",
    )
    refused(spaces, "veth", {**PAIR, "peer_netns": "db", "state": "absent"}, "both exist but are not a pair")
    refused(spaces, "veth", {"aggregate": [PAIR, {**PAIR, "name": "v2"}]}, "both claim the end eth0 in namespace web")


def test_what_is_no_veth_is_refused(spaces: Host) -> None:
    spaces.sh("ip link add br0 type bridge; ip -n web link add eth0 type bridge")
    refused(spaces, "veth", {**PAIR, "name": "br0"}, "interface br0 exists and is not a veth but bridge")
    refused(spaces, "veth", PAIR, "interface eth0 in namespace web exists and is not a veth but bridge")
    refused(spaces, "veth", {"name": "br0", "state": "absent"}, "was not made by this collection")


@pytest.mark.parametrize(
    "options",
    [{"name": "vweb"}, PAIR, {"name": "other", "peer_name": "eth0", "peer_netns": "web"}],
    ids=["first", "both", "peer"],
)
def test_absent_needs_one_end(spaces: Host, options: dict[str, Any]) -> None:
    spaces.module("veth", PAIR)
    done = converge(spaces, "veth", {**options, "state": "absent"})
    assert done["diff"][0]["after"] == {}
    assert "vweb" not in spaces.sh("ip link")
    converge(spaces, "veth", {**options, "state": "absent"}, changed=False)
    converge(spaces, "veth", {"name": "v", "netns": "nowhere", "state": "absent"}, changed=False)


def test_absent_after_the_alias_was_edited_by_hand(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    spaces.sh("ip link set vweb alias mine name other")
    converge(spaces, "veth", {**PAIR, "state": "absent"})
    assert "other" not in spaces.sh("ip link")


def test_many_at_once_and_absent_ones_first(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    wants = [
        {"name": "v1", "peer_name": "eth0", "peer_netns": "web"},
        {"name": "v2", "peer_name": "eth0", "peer_netns": "db"},
        {"name": "vweb", "state": "absent"},
    ]
    done = converge(spaces, "veth", {"aggregate": wants, "mtu": 1300})
    assert [one["name"] for one in done["objects"]] == ["v1", "v2", "vweb"]
    assert [one["before_header"] for one in done["diff"]] == ["veth v1", "veth v2", "veth vweb"]
    assert _link(spaces, "eth0", "web")["mtu"] == 1300
    many = [{"name": f"m{number}", "peer_name": f"n{number}"} for number in range(20)]
    converge(spaces, "veth", {"aggregate": many})
    converge(spaces, "veth", {"aggregate": many, "state": "absent"})
    assert "m1" not in spaces.sh("ip -o link")


def test_later_ones_see_what_earlier_ones_did(spaces: Host) -> None:
    spaces.module("veth", PAIR)
    wants = [
        {"name": "vnew", "peer_name": "eth0", "peer_netns": "web"},
        {"name": "vweb", "peer_name": "eth0", "peer_netns": "db"},
    ]
    converge(spaces, "veth", {"aggregate": wants})
    assert _link(spaces, "vnew")["ifindex"] == _link(spaces, "eth0", "web")["link_index"]


def test_check_mode_on_an_empty_host(host: Host) -> None:
    foretold = host.module("veth", {"aggregate": [PAIR, {**PAIR, "name": "vdb", "peer_netns": "db"}]}, check=True)
    assert "treated as just created: web, db" in json.dumps(foretold["warnings"])
    assert "namespace web does not exist" in host.module("veth", PAIR, fails=True)["msg"]
    host.module("netns", {"aggregate": [{"name": "web"}, {"name": "db"}]})
    done = host.module("veth", {"aggregate": [PAIR, {**PAIR, "name": "vdb", "peer_netns": "db"}]})
    assert done["diff"] == foretold["diff"]


def test_an_attached_namespace_by_path(host: Host) -> None:
    with host.spawn(["sleep", "60"], unshare_net=True) as process:
        options = {**PAIR, "peer_netns": f"/proc/{process.pid}/ns/net"}
        converge(host, "veth", options)
        host.module("netns", {"name": "web", "pid": process.pid})
        converge(host, "veth", PAIR)
        assert _link(host, "vweb")["ifalias"] == "linuxnet:default:web"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "averylongname-16"}, "name: 'averylongname-16' is not allowed: an interface name has 1 to 15 bytes"),
        ({"peer_name": "eth 0"}, "peer_name: 'eth 0' is not allowed"),
        ({"peer_name": None}, "peer_name is required: the name of the other end"),
        ({"peer_netns": None, "peer_name": "vweb"}, "another name than the first end's"),
        ({"peer_netns": "a/b"}, "peer_netns: 'a/b' is not allowed"),
        ({"mtu": 67}, "mtu: 67 is not allowed: 68 to 65535 bytes"),
        ({"mac_address": 89371}, "mac_address: 89371 is not allowed: a MAC address is a string; quote it"),
        ({"peer_mac_address": "ff:ff:ff:ff:ff:ff"}, "a unicast MAC address"),
        ({"peer_mac_address": "02:00:00:00:00:01"}, "another one than the first end's"),
        ({"owner": "a b"}, "owner: 'a b' is not allowed"),
        ({"owner": "o" * 64, "peer_netns": "n" * 250}, "peer_netns"),
    ],
)
def test_bad_input_is_one_sentence(spaces: Host, options: dict[str, Any], sentence: str) -> None:
    refused(spaces, "veth", {**PAIR, **options}, sentence)


def test_without_the_right_to_change_the_network(host: Host) -> None:
    run = [
        "setpriv",
        "--bounding-set=-all",
        "--inh-caps=-all",
        *host.module_argv("veth", {"name": "a", "peer_name": "b"}),
    ]
    assert "this needs root" in json.loads(host.run(run, check=False).out)["msg"]


def test_a_strangers_pair_in_a_group_that_is_numbered_like_ours_is_left_alone(host: Host) -> None:
    group = marks.group("default")
    host.sh(f"ip link add lxc0 group {group} type veth peer lxc1")
    refused(host, "veth", {"name": "lxc0", "state": "absent"}, "interface lxc0 was not made by this collection")


def test_a_pair_that_lost_its_alias_goes_by_its_group_while_it_is_on_our_bridge(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    host.module("veth", {"name": "v0", "peer_name": "v1"})
    host.sh("ip link set v0 alias '' master br0")
    converge(host, "veth", {"name": "v0", "state": "absent"})
