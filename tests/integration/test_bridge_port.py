# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bridge_port, on a real kernel."""

from __future__ import annotations

import json
import pathlib
from typing import Any
from unittest import mock

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan, execute, planned
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import complete
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import port_records, session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host as KernelHost
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bridge_port_steps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port import BridgePort
from tests.integration.faults import with_interference
from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host

FLAGS: dict[str, Any] = {
    "hairpin": True,
    "isolated": True,
    "learning": False,
    "locked": True,
    "flood": False,
    "guard": True,
    "cost": 7,
    "priority": 5,
}
PORT: dict[str, Any] = {"interface": "p0", "bridge": "br0", **FLAGS, "fdb": ["02:00:00:00:00:05"]}
RECORD = "/run/linuxnet/ports/p0"


@pytest.fixture
def bridges(host: Host) -> Host:
    """A host with the bridges br0 and br1 and an unmarked veth pair, p0 and p1."""
    host.sh("ip link add br0 type bridge; ip link add br1 type bridge; ip link add p0 type veth peer p1")
    return host


def _port(host: Host, name: str = "p0") -> Any:
    return host.ip("link", "show", name)[0]


def test_every_flag(bridges: Host) -> None:
    converge(bridges, "bridge_port", PORT)
    found = _port(bridges)
    assert found["master"] == "br0"
    data = found["linkinfo"]["info_slave_data"]
    shown = (
        data["hairpin"],
        data["isolated"],
        data["learning"],
        data["locked"],
        data["flood"],
        data["guard"],
        data["cost"],
        data["priority"],
    )
    assert shown == (True, True, False, True, False, True, 7, 5)


@pytest.mark.parametrize(
    "damage",
    [
        "bridge link set dev p0 hairpin off",
        "bridge link set dev p0 isolated off",
        "bridge link set dev p0 learning on",
        "bridge link set dev p0 locked off",
        "bridge fdb delete 02:00:00:00:00:05 dev p0 master",
        "bridge fdb add 02:00:00:00:00:06 dev p0 master static",
        "bridge fdb replace 02:00:00:00:00:05 dev p0 master static",
        "bridge link set dev p0 flood on",
        "bridge link set dev p0 guard off",
        "bridge link set dev p0 cost 9",
        "bridge link set dev p0 priority 9",
        "ip link set p0 nomaster",
        "ip link set p0 master br1",
    ],
)
def test_drift_is_repaired(bridges: Host, damage: str) -> None:
    bridges.module("bridge_port", PORT)
    bridges.sh("ip link set p1 master br1; bridge link set dev p1 cost 55")
    repairs(bridges, "bridge_port", PORT, damage)


def test_flags_that_are_not_given_are_left_alone(bridges: Host) -> None:
    bridges.module("bridge_port", PORT)
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0"}, changed=False)
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "cost": 8})
    assert _port(bridges)["linkinfo"]["info_slave_data"]["hairpin"] is True


def test_a_port_of_another_bridge_is_moved(bridges: Host) -> None:
    bridges.sh("ip link set p0 master br1")
    done = converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "hairpin": True})
    assert done["diff"][0]["before"] == {"bridge": "br1", "hairpin": False}


def test_a_member_of_something_else_is_refused(bridges: Host) -> None:
    if bridges.run(["ip", "link", "add", "vrf0", "type", "vrf", "table", "10"], check=False).rc:
        # If this kernel has no VRF, any other link triggers the other refusals.
        refused(bridges, "bridge_port", {"interface": "p0", "bridge": "p1"}, "interface p1 is not a bridge but veth")
        return
    bridges.sh("ip link set p0 master vrf0")
    refused(bridges, "bridge_port", PORT, "interface p0 belongs to vrf0, which is not a bridge but vrf")


def test_absent_takes_it_off_its_bridge_alone(bridges: Host) -> None:
    bridges.module("bridge_port", PORT)
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br1", "state": "absent"}, changed=False)
    done = converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "state": "absent"})
    assert done["diff"][0]["after"] == {}
    assert "master" not in _port(bridges)
    assert not bridges.exists("/run/linuxnet")
    for gone in ({"interface": "nothing"}, {"bridge": "nothing"}, {"netns": "nowhere"}):
        converge(bridges, "bridge_port", {**PORT, **gone, "state": "absent"}, changed=False)


def test_whose_port_it_is_is_remembered(bridges: Host) -> None:
    bridges.module("bridge_port", PORT)
    assert json.loads(bridges.read(RECORD)) == {
        "ifindex": _port(bridges)["ifindex"],
        "bridge": "br0",
        "owner": "default",
        "mac_address": _port(bridges)["address"],
    }
    refused(
        bridges,
        "bridge_port",
        {**PORT, "owner": "shop"},
        "interface p0 was put on bridge br0 by owner default; pass owner: default",
    )
    refused(bridges, "bridge_port", {**PORT, "owner": "shop", "state": "absent"}, "pass owner: default")
    bridges.remove(RECORD)
    converge(bridges, "bridge_port", PORT, changed=False)
    assert bridges.exists(RECORD)
    # Another interface of the same name is not the recorded one.
    bridges.sh("ip link del p0; ip link add p0 type veth peer p1")
    converge(bridges, "bridge_port", {**PORT, "owner": "shop"})
    assert json.loads(bridges.read(RECORD))["owner"] == "shop"


def _rename(host: Host, old: str, new: str) -> None:
    host.sh(f"ip link set {old} down; ip link set {old} name {new}; ip link set {new} up")


def test_a_renamed_interface_is_still_remembered(bridges: Host) -> None:
    bridges.module("bridge_port", PORT)
    _rename(bridges, "p0", "lan0")
    renamed = {**PORT, "interface": "lan0"}
    sentence = "interface lan0 was put on bridge br0 by owner default"
    refused(bridges, "bridge_port", {**renamed, "owner": "shop"}, sentence)
    converge(bridges, "bridge_port", renamed, changed=False)
    assert bridges.sh("ls /run/linuxnet/ports").split() == ["lan0"]
    _rename(bridges, "lan0", "p0")
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "state": "absent"})
    assert "master" not in _port(bridges)
    assert not bridges.exists("/run/linuxnet/ports")


def test_two_interfaces_that_changed_their_names_are_still_remembered(bridges: Host) -> None:
    both = {"bridge": "br0", "aggregate": [{"interface": "p0"}, {"interface": "p1"}]}
    bridges.module("bridge_port", both)
    numbers = {name: _port(bridges, name)["ifindex"] for name in ("p0", "p1")}
    for old, new in (("p0", "other"), ("p1", "p0"), ("other", "p1")):
        _rename(bridges, old, new)
    converge(bridges, "bridge_port", both, changed=False)
    found = {name: json.loads(bridges.read(f"/run/linuxnet/ports/{name}"))["ifindex"] for name in ("p0", "p1")}
    assert found == {"p0": numbers["p1"], "p1": numbers["p0"]}
    gone = {**both, "state": "absent"}
    converge(bridges, "bridge_port", gone)
    assert not bridges.exists("/run/linuxnet/ports")


def test_another_interface_with_the_index_of_a_remembered_one_is_not_taken_for_it(bridges: Host) -> None:
    bridges.module("bridge_port", PORT)
    index = _port(bridges)["ifindex"]
    bridges.sh(f"ip link del p0; ip link add lan0 index {index} type veth peer p1; ip link set lan0 master br0")
    gone = {"interface": "lan0", "bridge": "br0", "state": "absent"}
    refused(bridges, "bridge_port", gone, "interface lan0 was not put on bridge br0 by owner default and is left there")
    assert not [one for one in bridges.module("netns_info", {})["host"]["interfaces"] if one["port_owner"]]


def test_an_interface_with_our_mark_needs_no_record(bridges: Host) -> None:
    bridges.module("veth", {"name": "v0", "peer_name": "v1", "owner": "shop"})
    refused(
        bridges,
        "bridge_port",
        {"interface": "v0", "bridge": "br0"},
        "interface v0 belongs to owner shop; pass owner: shop",
    )
    refused(bridges, "bridge_port", {"interface": "v0", "bridge": "br0", "state": "absent"}, "pass owner: shop")
    converge(bridges, "bridge_port", {"interface": "v0", "bridge": "br0", "owner": "shop"})
    assert not bridges.exists("/run/linuxnet/ports")


def test_inside_a_namespace(bridges: Host) -> None:
    bridges.module("netns", {"name": "web"})
    bridges.sh(
        "ip -n web link add br0 type bridge; ip -n web link add p0 type veth peer p1;"
        "ip -n web link set p0 alias linuxnet:shop:"
    )
    converge(bridges, "bridge_port", {**PORT, "netns": "web"})
    assert "br0" in bridges.sh("ip -n web link show p0")
    assert not bridges.exists("/run/linuxnet/ports")


def test_many_at_once(bridges: Host) -> None:
    done = converge(
        bridges,
        "bridge_port",
        {"bridge": "br0", "hairpin": True, "aggregate": [{"interface": "p0"}, {"interface": "p1", "hairpin": False}]},
    )
    assert [one["hairpin"] for one in done["objects"]] == [True, False]


def test_check_mode_on_an_empty_host(host: Host) -> None:
    foretold = host.module("bridge_port", PORT, check=True)
    assert "treated as just created: p0, br0" in json.dumps(foretold["warnings"])
    assert host.module("bridge_port", PORT, fails=True)["msg"] == "interface p0 does not exist"
    host.sh("ip link add p0 type veth peer p1")
    assert host.module("bridge_port", PORT, fails=True)["msg"] == "bridge br0 does not exist"
    host.sh("ip link add br0 type bridge")
    assert host.module("bridge_port", PORT)["diff"] == foretold["diff"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"interface": "br0"}, "interface: 'br0' is not allowed: another interface than the bridge itself"),
        ({"interface": "br1"}, "interface br1 cannot be a port, since it is a bridge itself"),
        ({"interface": "lo"}, "interface lo cannot be a port"),
        ({"bridge": None}, "bridge is required: the name of the bridge"),
        ({"bridge": "p1"}, "interface p1 is not a bridge but veth"),
        ({"cost": 0}, "cost: 0 is not allowed: 1 to 65535"),
        ({"priority": 64}, "priority: 64 is not allowed: 0 to 63"),
        ({"vlans": [0]}, "vlans[0]: 0 is not allowed: a VLAN's number, 1 to 4094"),
        ({"pvid": 4095}, "pvid: 4095 is not allowed"),
        ({"vlans": [5], "pvid": 5}, "pvid: 5 is not allowed: a VLAN that is not among vlans"),
    ],
)
def test_bad_input_is_one_sentence(bridges: Host, options: dict[str, Any], sentence: str) -> None:
    refused(bridges, "bridge_port", {**PORT, **options}, sentence)


def test_a_full_bridge_is_a_sentence(bridges: Host) -> None:
    bridges.sh(
        "for n in $(seq 512); do echo link add a$n type veth peer b$n; done > /tmp/add; ip -batch /tmp/add;"
        "for n in $(seq 512); do echo link set a$n master br0; echo link set b$n master br0; done > /tmp/join;"
        "ip -force -batch /tmp/join 2>/dev/null || true"
    )
    message = bridges.module("bridge_port", {"interface": "p0", "bridge": "br0"}, fails=True)["msg"]
    assert message == "cannot add interface p0 to bridge br0: the bridge is full; the kernel allows 1023 ports"


@pytest.mark.needs("vlan-filtering")
def test_vlans(bridges: Host) -> None:
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "vlans": [10, 20], "pvid": 30})
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "vlans": [10], "pvid": 31})


@pytest.mark.needs("no-vlan-filtering")
def test_vlans_where_the_kernel_has_none(bridges: Host) -> None:
    refused(
        bridges,
        "bridge_port",
        {"interface": "p0", "bridge": "br0", "vlans": [10]},
        "this kernel does not support VLANs on bridges",
    )


def test_what_was_taken_off_its_bridge_is_free_for_others(bridges: Host) -> None:
    bridges.module("bridge_port", {"interface": "p0", "bridge": "br0", "owner": "shop"})
    refused(bridges, "bridge_port", {"interface": "p0", "bridge": "br0"}, "was put on bridge br0 by owner shop")
    bridges.sh("ip link set p0 nomaster")
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br0"})
    refused(bridges, "bridge_port", {"interface": "p0", "bridge": "br0", "owner": "shop"}, "by owner default")


def _static(host: Host, name: str = "p0") -> list[str]:
    """The static MAC addresses of a port, which traffic cannot move to another port."""
    entries = json.loads(host.run(["bridge", "-json", "fdb", "show", "dev", name]).out)
    found = [entry for entry in entries if "master" in entry and entry["state"] == "static"]
    assert all("sticky" in entry["flags"] for entry in found)
    return sorted(entry["mac"] for entry in found)


def test_the_mac_addresses_behind_a_port(bridges: Host) -> None:
    port = {"interface": "p0", "bridge": "br0"}
    converge(bridges, "bridge_port", {**port, "fdb": ["02:00:00:00:00:05", "02:00:00:00:00:0A"]})
    assert _static(bridges) == ["02:00:00:00:00:05", "02:00:00:00:00:0a"]
    done = converge(bridges, "bridge_port", {**port, "fdb": ["02:00:00:00:00:0a"], "learning": False})
    assert done["diff"][0]["before"] == {
        "bridge": "br0",
        "learning": True,
        "fdb": ["02:00:00:00:00:05", "02:00:00:00:00:0a"],
    }
    converge(bridges, "bridge_port", port, changed=False)
    assert _static(bridges) == ["02:00:00:00:00:0a"], "what is not given is left alone"
    converge(bridges, "bridge_port", {**port, "fdb": []})
    assert _static(bridges) == []


def test_mac_addresses_that_are_refused(bridges: Host) -> None:
    refused(bridges, "bridge_port", {**PORT, "fdb": ["01:00:5e:00:00:01"]}, "fdb[0]: ")
    refused(bridges, "bridge_port", {**PORT, "fdb": [5]}, "fdb[0]: 5 is not allowed: a MAC address is a string")


def test_a_mac_address_moves_to_the_port_that_has_it_now(bridges: Host) -> None:
    bridges.module("bridge_port", {"interface": "p1", "bridge": "br0", "fdb": ["02:00:00:00:00:05"]})
    bridges.module("bridge_port", {"interface": "p0", "bridge": "br0", "fdb": ["02:00:00:00:00:05"]})
    assert (_static(bridges), _static(bridges, "p1")) == (["02:00:00:00:00:05"], [])


@pytest.mark.parametrize("owner", ["default", "shop"])
def test_absent_leaves_a_strangers_port_where_it_is(bridges: Host, owner: str) -> None:
    bridges.sh("ip link set p0 master br0; ip link set p0 group 7")
    gone = {"interface": "p0", "bridge": "br0", "state": "absent", "owner": owner}
    refused(bridges, "bridge_port", gone, f"interface p0 was not put on bridge br0 by owner {owner} and is left there")
    assert _port(bridges)["master"] == "br0"


def test_absent_takes_a_strangers_port_off_our_bridge(bridges: Host) -> None:
    bridges.module("bridge", {"name": "br2"})
    bridges.sh("ip link set p0 master br2")
    converge(bridges, "bridge_port", {"interface": "p0", "bridge": "br2", "state": "absent"})


def test_no_port_is_on_a_bridge_without_being_remembered_at_any_moment(bridges: Host) -> None:
    """So that a port which a killed run leaves behind is found."""
    port = {"interface": "p0", "bridge": "br0"}
    for options in (port, {**port, "bridge": "br1"}, {**port, "bridge": "br1", "state": "absent"}):
        moments = bridges.call(watched, options)
        assert moments
        for on, record in moments:
            assert record == on or on is None, moments
    assert not bridges.exists(RECORD)


def watched(options: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    """Converge one definition. Returns p0's bridge and that of its record, before and after each netlink message."""
    moments: list[tuple[str | None, str | None]] = []

    def note() -> None:
        master = pathlib.Path("/sys/class/net/p0/master")
        record = port_records.read_all().get("p0")
        moments.append((master.readlink().name if master.exists() else None, record.bridge if record else None))

    class Watching(Writer):
        def change(self, kind: int, body: bytes, flags: int = 0) -> None:
            note()
            super().change(kind, body, flags)
            note()

    resource = BridgePort()
    want = resource.want(complete(resource.options, options, ""))
    with mock.patch.object(session, "Writer", Watching), KernelHost(check_mode=False) as there:
        execute(there, planned(there, resource, [want]))
    return moments


LEAVING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a flag": ({}, {"hairpin": True}),
    "a new address": ({}, {"fdb": ["02:00:00:00:00:07"]}),
    "an old address": ({"fdb": ["02:00:00:00:00:07"]}, {"fdb": []}),
    "a new VLAN": ({}, {"vlans": [7]}),
    "an old VLAN": ({"vlans": [7]}, {"vlans": []}),
    "a new PVID": ({}, {"pvid": 7}),
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.needs("vlan-filtering")) if "VLAN" in case or "PVID" in case else case
        for case in LEAVING
    ],
)
def test_a_port_that_left_its_bridge_meanwhile_is_told(host: Host, case: str) -> None:
    """As when systemd-networkd takes the interface for its own."""
    before, want = LEAVING[case]
    host.sh("ip link add br9 type bridge; ip link add lan9 type veth peer far9; ip link set lan9 master br9")
    port = {"interface": "lan9", "bridge": "br9"}
    host.module("bridge_port", {**port, **before})
    options = {**port, **want}
    failed = host.call(with_interference, "bridge_port", options, "ip link set lan9 nomaster")
    assert failed.get("failed"), failed
    told = failed["msg"]
    assert (
        "of port lan9: something else removed it from its bridge just now; find out what manages it, then run again"
        in told
    )
    host.module("bridge_port", options)
    assert "master br9" in host.sh("ip -o link show lan9")


def without_its_bridge(step: session.Step) -> str:
    """The error of a step if its port is no port any more."""
    with KernelHost(check_mode=False) as there:
        try:
            execute(there, Plan([], [step]))
        except LinuxnetError as error:
            return str(error)
    return "nothing"


@pytest.mark.parametrize(
    "step",
    [
        bridge_port_steps.SetVlans(None, "lan9", frozenset({7}), None),
        bridge_port_steps.SetVlans(None, "lan9", frozenset(), 7),
        bridge_port_steps.SetVlans(None, "lan9", frozenset(), None),
        bridge_port_steps.SetFlags(None, "lan9", {"hairpin": True}),
        bridge_port_steps.SetFdb(None, "lan9", ("02:00:00:00:00:07",), ()),
    ],
    ids=["a VLAN", "a PVID", "no VLANs", "a flag", "an old address"],
)
def test_each_step_tells_that_the_port_left_its_bridge(host: Host, step: session.Step) -> None:
    """Also on kernels without VLANs on bridges, which refuse it for another reason."""
    host.sh("ip link add lan9 type veth peer far9")
    told = host.call(without_its_bridge, step)
    assert told == (
        f"cannot {step}: something else removed it from its bridge just now; find out what manages it, then run again"
    )
