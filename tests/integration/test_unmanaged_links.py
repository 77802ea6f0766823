# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files for programs that manage links, on a host with the traces that these leave when they run.

extensions/molecule/reboot tests on machines where they really run that they obey.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, remove
from tests.integration.persistence import PROGRAM, program, rebooted
from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host
from tests.lab.lab import Lab

NETWORKD = "mkdir --parents /run/systemd/netif; touch /run/systemd/netif/state"
NETWORK_MANAGER = "mkdir --parents /run/NetworkManager/devices"
MODULE = "unmanaged_links"
LAN: dict[str, Any] = {"owner": "lan", "interfaces": ["br-lan", "to-web"]}
FILE = "/run/systemd/network/0-linuxnet-{}.network"
LASTING = "/etc/systemd/network/0-linuxnet-{}.network"
CONF = "/run/NetworkManager/conf.d/0-linuxnet-{}.conf"
LASTING_CONF = "/etc/NetworkManager/conf.d/0-linuxnet-{}.conf"


def _names(host: Host, path: str) -> list[str]:
    return [line.removeprefix("Name=") for line in host.read(path).splitlines() if line.startswith("Name=")]


def test_nothing_where_nobody_manages_links(host: Host) -> None:
    before = host.dump()
    converge(host, MODULE, LAN, changed=False)
    assert before.changes_to(host.dump()) == []


def test_the_files_come_move_and_go(host: Host) -> None:
    host.sh(f"{NETWORKD}; {NETWORK_MANAGER}")
    before = host.dump()
    made = converge(host, MODULE, LAN)["diff"][0]
    assert made["before"] == {}
    assert list(made["after"]["files"]) == [FILE.format("lan"), CONF.format("lan")]
    assert _names(host, FILE.format("lan")) == ["br-lan", "to-web"]
    assert "unmanaged-devices+=interface-name:=br-lan;interface-name:=to-web\n" in host.read(CONF.format("lan"))
    converge(host, MODULE, {**LAN, "persistent": True})
    assert not host.exists(FILE.format("lan"))
    assert not host.exists(CONF.format("lan"))
    assert _names(host, LASTING.format("lan")) == ["br-lan", "to-web"]
    converge(host, MODULE, {"aggregate": [{**LAN, "interfaces": ["br-lan"]}, {"owner": "a", "interfaces": ["br-a"]}]})
    assert _names(host, FILE.format("lan")) == ["br-lan"]
    assert host.module("netns_info")["host"]["unmanaged_links"]["a"][FILE.format("a")] == ["br-a"]
    converge(host, MODULE, {"aggregate": [{"owner": "lan"}, {"owner": "a"}], "state": "absent"})
    converge(host, MODULE, {**LAN, "state": "absent"}, changed=False)
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize("damage", ["rm {0}", "echo Name=eth0 >>{0}", "echo >{0}.new; cp {0} {0}.new; rm {0} {0}.new"])
def test_what_was_broken_by_hand_is_put_back(host: Host, damage: str) -> None:
    host.sh(NETWORKD)
    converge(host, MODULE, LAN)
    repairs(host, MODULE, LAN, damage.format(FILE.format("lan")))


@pytest.mark.parametrize("path", [FILE.format("lan"), LASTING.format("lan")])
def test_a_strangers_file_is_refused_and_left_alone(host: Host, path: str) -> None:
    """A file below /etc would hide ours below /run."""
    host.sh(NETWORKD)
    host.write(path, "# mine\n[Match]\nName=br-lan\n")
    refused(host, MODULE, LAN, f"{path} was not written by this collection for owner lan")
    converge(host, MODULE, {"owner": "lan", "state": "absent"}, changed=False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"owner": "lan"}, "interfaces is required: the names of the interfaces"),
        ({"owner": "lan", "interfaces": ["a/b"]}, "interfaces[0]: 'a/b' is not allowed: an interface name"),
        ({"owner": "../x", "interfaces": ["br0"]}, "owner: '../x' is not allowed"),
    ],
)
def test_bad_input(host: Host, options: dict[str, Any], sentence: str) -> None:
    host.sh(NETWORKD)
    refused(host, MODULE, options, sentence)


def test_who_was_stopped_before_the_news_were_told_tells_them_again(host: Host) -> None:
    host.sh(NETWORKD)
    converge(host, MODULE, LAN)
    host.sh("mkdir --parents /run/linuxnet/untold; touch /run/linuxnet/untold/lan")
    told = converge(host, MODULE, LAN)
    assert (told["diff"][0]["before"]["known"], told["diff"][0]["after"]["known"]) == (False, True)
    assert not host.exists("/run/linuxnet")


def test_absent_takes_away_what_a_killed_run_left(host: Host) -> None:
    """It was killed before it wrote the file, so nothing else shows the network."""
    host.sh("mkdir -p /run/linuxnet/untold; touch /run/linuxnet/untold/br-shop")
    assert remove(host).changed == [MODULE]
    assert not host.exists("/run/linuxnet")
    assert remove(host).changed == []
    host.sh("mkdir -p /run/linuxnet/untold; touch /run/linuxnet/untold/lan")
    converge(host, MODULE, {"owner": "lan", "state": "absent"})
    assert not host.exists("/run/linuxnet")


def test_a_link_that_is_managed_nevertheless(host: Host) -> None:
    """networkd releases it when it reads our file, unless it manages it by one that sorts first."""
    host.sh(f"{NETWORKD}; mkdir /run/systemd/netif/links; ip link add br-lan type bridge")
    converge(host, MODULE, LAN)
    noted = f"/run/systemd/netif/links/{host.ip('link', 'show', 'br-lan')[0]['ifindex']}"
    state = "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/{}.network\n"
    host.write(noted, state.format("0-a"))
    warned = host.module(MODULE, LAN)
    assert not warned["changed"]
    sentence = "systemd-networkd manages br-lan by /etc/systemd/network/0-a.network, despite this collection's file"
    assert sentence in str(warned["warnings"])
    host.write(noted, state.format("50-all"))
    assert host.module(MODULE, LAN, check=True)["changed"]


@pytest.mark.long
def test_the_role_names_its_bridge_host_ends_and_cards(host: Host) -> None:
    host.sh(f"{NETWORKD}; ip link add eth1 type veth peer far")
    before = host.dump()
    want = {**SHOP, "ports": ["eth1"]}
    foretold = apply(host, check=True, **want)
    done = apply(host, **want)
    assert foretold.diffs[MODULE] == done.diffs[MODULE]
    ends = {link["ifname"] for link in host.ip("link", "show", "master", "br-shop")}
    assert set(_names(host, FILE.format("br-shop"))) == {"br-shop", *ends}
    assert apply(host, **want).changed == []
    host.sh(f"rm {FILE.format('br-shop')}")
    assert apply(host, **want).changed == [MODULE]
    remove(host)
    assert not any("systemd" in line for line in before.changes_to(host.dump()))
    assert remove(host).changed == []


@pytest.mark.long
def test_endpoints_that_are_only_added_stay_in_the_file(host: Host) -> None:
    host.sh(NETWORKD)
    apply(host, **SHOP)
    first = _names(host, FILE.format("br-shop"))
    more = {**SHOP, "appends": True, "endpoints": [{"namespace": "cache"}]}
    apply(host, **more)
    assert set(first) < set(_names(host, FILE.format("br-shop")))
    assert apply(host, **more).changed == []
    apply(host, **SHOP)
    assert _names(host, FILE.format("br-shop")) == first


def test_a_manager_that_comes_later_is_told_all_links_by_a_run_that_only_adds(host: Host) -> None:
    limited = {**SHOP, "endpoints": [{"namespace": "web", "egress_rate": "5mbit"}, {"namespace": "db"}]}
    apply(host, **limited)
    host.sh(NETWORKD)
    apply(host, **{**limited, "appends": True, "endpoints": []})
    links = [*host.ip("link", "show", "master", "br-shop"), *host.ip("link", "show", "type", "ifb")]
    assert len(links) == 3
    assert set(_names(host, FILE.format("br-shop"))) == {"br-shop", *(link["ifname"] for link in links)}
    assert apply(host, **limited).changed == []


def test_on_a_bridge_of_somebody_else(host: Host) -> None:
    host.sh(f"{NETWORKD}; ip link add br-shop type bridge; ip link set br-shop up")
    apply(
        host,
        name="br-shop",
        external=True,
        ipam_config=[{"subnet": "172.18.0.0/16", "gateway": "172.18.0.1", "iprange": "172.18.1.0/24"}],
        endpoints=[{"namespace": "web"}, {"namespace": "db"}],
    )
    assert len(_names(host, FILE.format("br-shop"))) == 2
    assert "br-shop" not in _names(host, FILE.format("br-shop"))


@pytest.mark.long
def test_a_network_that_survives_a_reboot(lab: Lab, host: Host) -> None:
    host.sh(f"{NETWORKD}; {NETWORK_MANAGER}")
    want = {**SHOP, "persistent": True}
    apply(host, **want)
    assert apply(host, **want).changed == []
    files = [LASTING.format("br-shop"), LASTING_CONF.format("br-shop")]
    texts = [host.read(path) for path in files]
    program(host, "down", "br-shop")
    assert not any(map(host.exists, files))
    program(host, "up", "br-shop")
    assert [host.read(path) for path in files] == texts
    assert apply(host, **want).changed == []
    new = rebooted(lab, host)
    new.sh(NETWORKD)
    assert "unmanaged_links br-shop: made" in program(new, "up", "br-shop").out
    assert new.read(files[0]) == texts[0]
    # The file of a manager that starts later is kept.
    new.sh("rm -r /run/systemd/netif")
    assert "0 of its parts were changed" in program(new, "up", "br-shop").out
    apply(host, **SHOP)
    assert not any(map(host.exists, files))
    assert host.exists(FILE.format("br-shop"))
    remove(host)
    assert not host.exists(FILE.format("br-shop"))
    assert not host.exists(PROGRAM)
