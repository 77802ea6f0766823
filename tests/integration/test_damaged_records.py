# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records damaged by root: the file is named, the next run repairs it, and a network can still be removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import apply, in_one, remove
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web"}, {"namespace": "db"}],
}
WEB = "/run/linuxnet/netns/web"
CARD = "/run/linuxnet/ports/lan1"

DAMAGES = {
    "empty": "rm -f FILE; : >FILE",
    "garbage": "printf '\\377\\0garbage' >FILE",
    "cut": 'printf \'{"device": 4, "ino\' >FILE',
    "a list": "echo '[1, 2]' >FILE",
    "wrong types": 'echo \'{"device": 4, "inode": 9, "owners": 7, "attached": false, "ifindex": "x"}\' >FILE',
    "huge": 'echo \'{"device": 1e999, "inode": 9, "owners": [], "attached": false, "ifindex": 1e999}\' >FILE',
    "wrong leases": """sed -i 's/"addresses": .*/"addresses": {"br0": {"eth0": ["x"]}}}/; s/"ifindex"/"ifond"/' FILE""",
    "deep": "head -c 100000 /dev/zero | tr '\\0' '[' >FILE",
    "directory": "rm FILE; mkdir FILE",
    "fifo": "rm FILE; mkfifo FILE",
    "link to itself": "rm FILE; ln -s FILE FILE",
}


def _warned(result: dict[str, Any], path: str) -> bool:
    return any(f"{path} is damaged" in str(warning) for warning in result.get("warnings", ()))


@pytest.fixture(params=DAMAGES)
def damage(request: pytest.FixtureRequest) -> str:
    return DAMAGES[str(request.param)]


few = pytest.mark.parametrize("damage", ["garbage", "directory", "fifo"], indirect=True)


def test_a_network_is_ended(host: Host, damage: str) -> None:
    apply(host, **NETWORK)
    host.sh(damage.replace("FILE", WEB))
    foretold = remove_in_one_call(host, check=True)
    done = remove_in_one_call(host)
    assert _warned(done, WEB)
    assert (done["changed"], done["diff"]) == (foretold["changed"], foretold["diff"])
    assert host.sh("ip netns list; ip -o link show type veth; ip -o link show type bridge") == ""
    assert not host.exists("/run/linuxnet")


def remove_in_one_call(host: Host, check: bool = False) -> dict[str, Any]:
    return in_one(host, {"name": "br0", "state": "absent"}, check=check)


@pytest.mark.parametrize("kind", ["garbage", "directory"])
def test_a_network_is_ended_module_by_module(host: Host, kind: str) -> None:
    apply(host, **NETWORK)
    host.sh(DAMAGES[kind].replace("FILE", WEB))
    remove(host, "br0")
    assert host.sh("ip netns list; ip -o link show type veth; ip -o link show type bridge") == ""
    assert not host.exists("/run/linuxnet")


def test_the_next_run_mends_it(host: Host, damage: str) -> None:
    apply(host, **NETWORK)
    before = host.sh(f"cat {WEB}")
    host.sh(damage.replace("FILE", WEB))
    options = NETWORK
    foretold = in_one(host, options, check=True)
    done = in_one(host, options)
    assert _warned(done, WEB)
    assert done["changed"] and (done["diff"], foretold["changed"]) == (foretold["diff"], True)
    assert host.sh(f"cat {WEB}") == before, "with the address that it was given"
    again = in_one(host, NETWORK)
    assert not again["changed"] and not _warned(again, WEB)


@few
def test_other_networks_do_not_fail(host: Host, damage: str) -> None:
    apply(host, **NETWORK)
    host.sh(damage.replace("FILE", WEB))
    other = {"name": "br1", "ipam_config": [{"subnet": "172.19.0.0/16"}], "endpoints": [{"namespace": "mail"}]}
    assert apply(host, **other).changed
    assert apply(host, **other).changed == []
    assert _warned(host.module("netns_info"), WEB)
    remove(host, "br1")
    assert host.sh("ip netns list | cut -d' ' -f1 | sort").split() == ["db", "web"]


def test_a_full_directory_is_named_and_holds_up_no_other_endpoint(host: Host) -> None:
    apply(host, **NETWORK)
    host.sh(f"rm {WEB}; mkdir -p {WEB}/precious")
    wanted = {**NETWORK, "endpoints": [*NETWORK["endpoints"], {"namespace": "new"}]}
    told = in_one(host, wanted, fails=True)["msg"]
    assert f"{WEB} is a directory that is not empty" in told
    assert host.inside("new").reaches("172.18.0.1") and host.inside("web").reaches("172.18.0.1")
    before = host.sh("ip -o link | cut -d: -f2; ip netns list")
    told = host.module("netns", {"name": "web", "state": "absent", "owner": "br0"}, fails=True)["msg"]
    assert f"{WEB} is a directory that is not empty" in told and "Already done" not in told
    assert host.sh("ip -o link | cut -d: -f2; ip netns list") == before
    assert host.exists(f"{WEB}/precious")


def test_a_namespace_that_two_networks_share_stays_for_the_other(host: Host) -> None:
    other = {
        "name": "br1",
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}],
    }
    apply(host, **NETWORK)
    apply(host, **other)
    host.sh(DAMAGES["garbage"].replace("FILE", WEB))
    remove_in_one_call(host)
    assert host.sh("ip netns list | cut -d' ' -f1").split() == ["web"]
    in_one(host, {"name": "br1", "state": "absent"})
    assert host.sh("ip netns list; ip -o link show type veth; ip -o link show type bridge") == ""
    assert not host.exists("/run/linuxnet")


def test_links_of_others_stay(host: Host) -> None:
    """It is no longer known whether we created the namespace or it belongs to a container."""
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        host.module("netns", {"name": "app", "pid": process.pid, "owner": "br0"})
        host.sh("ip link add theirs type veth peer inner netns app")
        pair = {"name": "ours", "peer_netns": "app", "peer_name": "eth0", "owner": "br0"}
        host.module("veth", pair)
        host.sh("echo x >/run/linuxnet/netns/app")
        host.module("netns", {"name": "app", "owner": "br0", "state": "absent"})
        assert "theirs" in host.sh("ip -o link show type veth")
        assert "ours" not in host.sh("ip -o link show type veth")
    assert not host.exists("/run/linuxnet")


@few
def test_without_a_witness_it_is_nobodys(host: Host, damage: str) -> None:
    host.module("netns", {"name": "web"})
    host.sh(damage.replace("FILE", WEB))
    told = host.module("netns", {"name": "web", "state": "absent"}, fails=True)["msg"]
    assert f"{WEB} is damaged and no interface of this collection leads into it" in told
    host.sh("ip netns exec web true")
    used = host.module("netns", {"name": "web"})
    assert not used["changed"] and _warned(used, WEB)
    assert not _warned(host.module("netns", {"name": "web"}), WEB)


@few
def test_what_is_left_of_a_namespace_that_is_gone(host: Host, damage: str) -> None:
    host.module("netns", {"name": "web"})
    host.sh("ip netns del web")
    host.sh(damage.replace("FILE", WEB))
    host.module("netns", {"name": "web", "state": "absent"})
    assert not host.exists("/run/linuxnet")


def _with_a_card(host: Host) -> dict[str, Any]:
    host.sh("ip link add lan1 type veth peer far; ip link set lan1 up; ip link set far up")
    wanted = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "ports": ["lan1"]}
    apply(host, **wanted)
    return wanted


@few
def test_a_card_is_taken_off_its_bridge(host: Host, damage: str) -> None:
    _with_a_card(host)
    host.sh(damage.replace("FILE", CARD))
    done = remove_in_one_call(host)
    assert _warned(done, CARD)
    assert "master" not in host.sh("ip -o link show lan1")
    assert not host.exists("/run/linuxnet")


def test_a_cards_record_is_mended(host: Host, damage: str) -> None:
    wanted = _with_a_card(host)
    before = host.sh(f"cat {CARD}")
    host.sh(damage.replace("FILE", CARD))
    result = host.module("bridge_port", {"interface": "lan1", "bridge": "br0", "owner": "br1"}, fails=True)
    assert "put on bridge br0 by owner br0" in result["msg"]
    apply(host, **wanted)
    assert host.sh(f"cat {CARD}") == before
    assert apply(host, **wanted).changed == []


def test_a_full_directory_in_place_of_a_cards_record(host: Host) -> None:
    wanted = _with_a_card(host)
    host.sh(f"rm {CARD}; mkdir -p {CARD}/precious")
    told = in_one(host, wanted, fails=True)["msg"]
    assert f"{CARD} is a directory that is not empty" in told
