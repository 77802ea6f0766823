# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a persistent network, and the program that restores it, without systemd.

tests/machines has machines that are really restarted, with systemd.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pyroute2
import pytest

from tests.integration.networks import SHOP, apply, in_one, remove
from tests.integration.persistence import (
    DEFINITIONS,
    LINK,
    PROGRAM,
    RULES_UNIT,
    SWITCHES,
    UNIT,
    program,
    rebooted,
    told,
)
from tests.integration.role_plays import PLAY, VARIABLES
from tests.integration.rule_hosts import rules
from tests.integration.settling import settle
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import COLLECTION
from tests.lab.playbooks import Run

KEPT: dict[str, Any] = {**SHOP, "persistent": True}
BACK: dict[str, Any] = {
    "name": "br-back",
    "ipam_config": [{"subnet": "172.19.0.0/24"}],
    "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}],
    "icc": False,
    "persistent": True,
}


@pytest.mark.long
def test_an_empty_host_becomes_what_the_modules_made(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    apply(host, **BACK)
    new = rebooted(lab, host)
    for network in ("br-shop", "br-back"):
        program(new, "up", network)
    assert told(new.dump(), files=False) == told(host.dump(), files=False)
    assert new.inside("web").reaches("172.18.0.10")


@pytest.mark.long
def test_a_copy_of_the_disk_that_got_a_machine_id_of_its_own(lab: Lab, host: Host) -> None:
    """As for golden images and clones: the gateway's MAC address in the file is that of the bridge in any case."""
    host.write("/etc/machine-id", f"{'1' * 32}\n")
    apply(host, **KEPT)
    new = rebooted(lab, host)
    new.write("/etc/machine-id", f"{'2' * 32}\n")
    program(new, "up", "br-shop")
    settle(new, "web", "db")
    for gateway in ("172.18.0.1", "fd00:18::1"):
        assert new.inside("web").reaches(gateway)
    apply(new, **KEPT)
    for gateway in ("172.18.0.1", "fd00:18::1"):
        assert new.inside("web").reaches(gateway), "the role on the copy keeps it working"
    assert apply(new, **KEPT).changed == []


def test_the_program_holds_nothing_of_ansible_and_is_readable(host: Host) -> None:
    apply(host, **KEPT)
    packed = host.sh(f"python3 -c 'import zipfile; print(*zipfile.ZipFile(\"{PROGRAM}\").namelist())'")
    assert "module_utils/_service/boot.py" in packed
    assert "module_utils/_module.py" not in packed
    assert host.sh(f"grep --text --count 'import ansible\\b\\|from ansible\\.' {PROGRAM} || true").strip() == "0"
    assert host.sh(f"grep --text --count 'def plan(self' {PROGRAM}").strip() != "0"


@pytest.mark.long
def test_the_role_by_ansible_itself(host: Host) -> None:
    """Modules come from an archive there: the program made of them is byte-identical."""
    variables = {**VARIABLES, "bridge_network_persistent": True}
    first = host.playbook(PLAY, variables=variables)
    assert (
        first.task("Build, repair or remove networks").result["objects"][0]["modules"]["network_service"]["changed"]
        == 1
    )
    again = host.playbook(PLAY, variables=variables)
    assert again.changed == []
    assert _modules(again) == ["bridge_network"]
    assert apply(host, **KEPT).changed == []
    absent = {"bridge_network_name": SHOP["name"], "bridge_network_state": "absent"}
    assert _modules(host.playbook(PLAY, variables=absent)) == ["bridge_network"]
    assert program_is_gone(host)
    assert not host.exists("/run/linuxnet")
    gone = host.playbook(PLAY, variables=absent)
    assert gone.changed == []
    assert _modules(gone) == ["bridge_network"]


def _modules(run: Run) -> list[str]:
    """The collection's modules that were called."""
    actions = [task.action for task in run.tasks if task.status == "ok"]
    return [action.removeprefix(f"{COLLECTION}.") for action in actions if action.startswith(COLLECTION)]


@pytest.mark.long
def test_up_twice_writes_nothing_and_the_role_finds_nothing_to_do(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    new = rebooted(lab, host)
    program(new, "up", "br-shop")
    apply(new, **KEPT)  # the unit and the files of the switches, which a lab's new host lacks
    before = new.dump()
    assert "0 of its parts were changed" in program(new, "up", "br-shop").out
    assert before.changes_to(new.dump()) == []
    assert apply(new, **KEPT).changed == []


@pytest.mark.long
def test_down_leaves_nothing_but_what_brings_it_back(host: Host) -> None:
    apply(host, **KEPT)
    host.sh("echo 0 | tee /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding")
    program(host, "down", "br-shop")
    with_files = host.dump()
    remove(host)
    gone = with_files.changes_to(host.dump())
    assert gone and all("host /etc/" in line for line in gone)
    assert host.sh("ip -o link").count("\n") == 1
    assert not host.exists("/run/linuxnet")
    assert program_is_gone(host)


def program_is_gone(host: Host) -> bool:
    return not any(host.exists(path) for path in ("/etc/linuxnet", UNIT, RULES_UNIT, LINK, *SWITCHES))


@pytest.mark.parametrize(
    "damage",
    [
        "ip link del br-shop",
        "ip netns del web",
        "iptables -F; iptables -t nat -F; iptables -t mangle -F; iptables -t raw -F; iptables -X",
        "ip -n db address flush dev eth0",
        "ip link set br-shop down",
    ],
)
@pytest.mark.long
def test_up_mends(host: Host, damage: str) -> None:
    apply(host, **KEPT)
    healthy = told(host.dump())
    host.sh(damage)
    assert told(host.dump()) != healthy
    program(host, "up", "br-shop")
    assert told(host.dump()) == healthy
    assert apply(host, **KEPT).changed == []


#: A Python without any packages, as after an upgrade that left pyroute2 behind.
BARE = ["/usr/bin/python3", "-IS", PROGRAM, "up", "br-shop"]
LACKS = "python3 cannot load pyroute2: ModuleNotFoundError: No module named 'pyroute2'; install it there"


@pytest.mark.long
def test_without_the_library_the_rules_come_and_a_sentence_says_why_nothing_else_does(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    new = rebooted(lab, host)
    done = new.run(BARE, check=False)
    assert done.rc == 1
    sentence = done.out.splitlines()[-1]
    assert LACKS in sentence and "Already done, and left in place:" in sentence
    assert "Traceback" not in done.out
    assert done.err == ""
    assert new.sh("ip -o link").count("\n") == 1
    for table in ("filter", "mangle"):
        assert rules(new, table, "LINUXNET-TO") == rules(host, table, "LINUXNET-TO")
    program(new, "up", "br-shop")
    assert told(new.dump(), files=False) == told(host.dump(), files=False)


@pytest.mark.long
def test_without_the_library_a_network_that_stands_is_closed_all_the_same(host: Host) -> None:
    apply(host, **KEPT)
    healthy = {name: rules(host, name, "LINUXNET-TO") for name in ("filter", "mangle")}
    before = host.dump()
    assert host.run(BARE).out.startswith("network br-shop is up, 0 of its parts were changed")
    assert before.changes_to(host.dump()) == [], "what needs nothing done does not need it"
    host.sh("iptables -F; iptables -t mangle -F; ip link del br-shop")
    done = host.run(BARE, check=False)
    assert done.rc == 1 and LACKS in done.out
    assert {name: rules(host, name, "LINUXNET-TO") for name in healthy} == healthy


@pytest.mark.parametrize("packaged", [True, False])
def test_the_service_runs_a_python_that_has_the_library(host: Host, packaged: bool) -> None:
    """The distribution's own, if it has it."""
    host.sh("mount -t tmpfs none /usr/lib/python3/dist-packages")
    if packaged:
        library = Path(pyroute2.__path__[0])
        host.sh(f"ln -s {library} /usr/lib/python3/dist-packages/pyroute2")
    apply(host, **KEPT)
    chosen = host.sh(f"head -1 {PROGRAM}").removeprefix("#!").removesuffix(" -I\n")
    assert (chosen == "/usr/bin/python3") is packaged
    assert f"ExecStart={chosen} -I {PROGRAM} up br-shop\n" in host.sh(f"cat {UNIT}")
    host.sh("ip link del br-shop")
    program(host, "up", "br-shop")


@pytest.mark.long
def test_killed_at_any_moment(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    chance = random.Random(1)
    wanted, seconds = [], 0.0
    for number in range(8):
        new = rebooted(lab, host, f"rebooted{number}")
        argv = [PROGRAM, "up", "br-shop"]
        begun = time.monotonic()
        running = new.popen(argv, stdout=subprocess.DEVNULL)
        if not wanted:
            assert running.wait(60) == 0
            seconds, wanted = time.monotonic() - begun, told(new.dump())
        else:
            time.sleep(chance.uniform(seconds / 3, seconds))
            running.kill()
            running.wait()
            program(new, "up", "br-shop")
            assert told(new.dump()) == wanted
        new.stop()


@pytest.mark.long
def test_nothing_is_left_after_absent(host: Host) -> None:
    before = host.dump()
    apply(host, **KEPT)
    apply(host, **BACK)
    remove(host, "br-back")
    assert host.exists(PROGRAM), "the other network needs it"
    remove(host)
    assert program_is_gone(host)
    left = [line for line in before.changes_to(host.dump()) if "forward" not in line and "redirects" not in line]
    assert [line for line in left if "mc_forwarding" not in line and "use_tempaddr" not in line] == []
    assert remove(host).changed == []


def test_a_network_goes_after_a_boot_without_ipv6(lab: Lab, host: Host) -> None:
    """Of IPv6, only the file is left that turned forwarding on."""
    apply(host, **KEPT)
    new = rebooted(lab, host)
    for path in SWITCHES:
        new.sh(f"mkdir -p {os.path.dirname(path)}")
        new.write(path, host.read(path))
    new.sh("mount -t tmpfs none /proc/sys/net/ipv6")
    assert "ip_forward" in remove(new).changed
    assert not any(map(new.exists, [*SWITCHES, PROGRAM, DEFINITIONS]))
    assert remove(new).changed == []
    want = {"owner": SHOP["name"], "ip_version": "ipv6"}
    assert new.module("ip_forward", want, fails=True)["msg"] == "ip_version: this kernel has no IPv6"


@pytest.mark.long
def test_not_persistent_any_more(host: Host) -> None:
    apply(host, **KEPT)
    foretold = apply(host, check=True, **SHOP)
    done = apply(host, **SHOP)
    assert foretold.diffs == done.diffs
    assert done.changed == ["ip_forward", "network_service"]
    assert program_is_gone(host)
    assert host.inside("web").reaches("172.18.0.10")
    assert apply(host, **SHOP).changed == []


@pytest.mark.long
def test_a_changed_variable_changes_the_file_and_check_mode_shows_it(host: Host) -> None:
    apply(host, **KEPT)
    changed = {**KEPT, "endpoints": [*KEPT["endpoints"], {"namespace": "cache"}]}
    settle(host, "web", "db")
    before = host.dump()
    foretold = apply(host, check=True, **changed)
    assert before.changes_to(host.dump()) == []
    (diff,) = foretold.diffs["network_service"]
    assert "cache" not in json.dumps(diff["before"])
    assert "cache" in json.dumps(diff["after"])
    assert apply(host, **changed).diffs == foretold.diffs
    assert "cache" in host.read(DEFINITIONS)


def test_check_mode_on_an_empty_host(host: Host) -> None:
    before = host.dump()
    foretold = apply(host, check=True, **KEPT)
    assert before.changes_to(host.dump()) == []
    done = apply(host, **KEPT)
    assert foretold.diffs["network_service"] == done.diffs["network_service"]


@pytest.mark.parametrize("path", [DEFINITIONS, PROGRAM, UNIT, RULES_UNIT, LINK])
def test_a_file_that_was_damaged_is_written_anew(host: Host, path: str) -> None:
    apply(host, **KEPT)
    healthy = told(host.dump())
    host.sh(f"rm {path}" if path == LINK else f"echo >>{path}")
    assert apply(host, **KEPT).changed == ["network_service"]
    assert told(host.dump()) == healthy


@pytest.mark.long
def test_endpoints_that_are_only_added_stay_in_the_file(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    apply(host, **{**KEPT, "appends": True, "endpoints": [{"namespace": "cache", "published_ports": ["9090:90"]}]})
    new = rebooted(lab, host)
    program(new, "up", "br-shop")
    assert new.sh("ip netns list | cut -d' ' -f1 | sort").split() == ["cache", "db", "web"]
    assert "9090" in new.sh("iptables-save -t nat")
    assert "8080" in new.sh("iptables-save -t nat")
    assert told(new.dump(), files=False) == told(host.dump(), files=False)


def test_who_does_not_come_back_is_told_where_a_run_that_only_adds_makes_a_network_persistent(host: Host) -> None:
    """Their own options are not known, so they are not in the file, and the boot does not wait for their interfaces."""
    path = f"/etc/linuxnet/{SHOP['name']}.json"
    in_one(host, SHOP)

    def told(*endpoints: dict[str, Any]) -> list[str]:
        want = {**SHOP, "persistent": True, "appends": True, "icc": False, "endpoints": list(endpoints)}
        foretold, done = in_one(host, want, check=True), in_one(host, want)
        again = in_one(host, want)
        assert (foretold["diff"], again["changed"]) == (done["diff"], False)
        first, *more = (
            [line for line in one["warnings"] if "after a reboot" in line] for one in (done, foretold, again)
        )
        assert more == [first, first]
        return first

    sentence = (
        "bridge_network_persistent: endpoints in {} are not listed and do not come back after a reboot;"
        " list them if they are to"
    )
    assert told({"namespace": "cache"}) == [sentence.format("db, web")]
    modules = json.loads(host.read(path))["modules"]
    assert [len(modules[kind]) for kind in ("netns", "veth", "bridge_port")] == [1, 1, 1]
    assert "net-devices" not in host.read(UNIT)
    assert told(SHOP["endpoints"][0]) == [sentence.format("db")]
    assert told(SHOP["endpoints"][1]) == []
    assert told() == []
    modules = json.loads(host.read(path))["modules"]
    assert [len(modules[kind]) for kind in ("netns", "veth", "bridge_port")] == [3, 3, 3]


def test_the_file_is_the_same_whichever_way_nothing_is_added(host: Host) -> None:
    """Without mention of the existing endpoints, or with one of them, or all; only a complete list removes others."""
    want = {**SHOP, "persistent": True}
    path = f"/etc/linuxnet/{SHOP['name']}.json"
    in_one(host, want)
    whole = host.read(path)
    in_one(host, {**want, "appends": True, "endpoints": []})
    text = host.read(path)
    for endpoints in (SHOP["endpoints"][:1], SHOP["endpoints"][1:], SHOP["endpoints"]):
        for check in (True, False):
            assert not in_one(host, {**want, "appends": True, "endpoints": endpoints}, check=check)["changed"]
        assert host.read(path) == text
    in_one(host, want)
    assert host.read(path) == whole


@pytest.mark.long
def test_a_process_is_left_out_until_it_comes(lab: Lab, host: Host) -> None:
    def joined(pid: int) -> dict[str, Any]:
        app = {"namespace": "app", "pid": pid, "published_ports": ["9000:90"]}
        return {**KEPT, "endpoints": [app, *KEPT["endpoints"]]}

    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        addresses = apply(host, **joined(process.pid)).plan["endpoints"]
    assert '"pid"' not in host.read(DEFINITIONS)
    new = rebooted(lab, host)
    assert "namespace app does not exist yet and is left out" in program(new, "up", "br-shop").out
    assert "9000" not in new.sh("iptables-save -t nat")
    with new.inside("web").server(80):
        assert new.ask("127.0.0.1", 8080) is not None
    with new.spawn(["sleep", "infinity"], unshare_net=True) as process:
        refused = program(new, "attach", "br-shop", "web", str(process.pid), check=False)
        assert (refused.rc, "guest: app" in refused.out) == (1, True)
        inside = new.run(["unshare", "--net", PROGRAM, "attach", "br-shop", "app", str(process.pid)], check=False)
        assert (inside.rc, "this process has namespaces of its own" in inside.out) == (1, True)
        program(new, "attach", "br-shop", "app", str(process.pid))
        with new.inside("app").server(90):
            assert new.ask("127.0.0.1", 9000) is not None
        assert "0 of its parts were changed" in program(new, "up", "br-shop").out
        again = apply(new, **joined(process.pid))
        assert again.plan["endpoints"] == addresses
        assert apply(new, **joined(process.pid)).changed == []


def test_the_role_gives_a_process_the_address_that_it_had_before_the_reboot(lab: Lab, host: Host) -> None:
    def endpoints(pid: int) -> dict[str, Any]:
        return {**KEPT, "endpoints": [{"namespace": "app", "pid": pid}, {"namespace": "db"}]}

    apply(host, **{**KEPT, "endpoints": [{"namespace": "first"}, {"namespace": "db"}]})
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        given = apply(host, **endpoints(process.pid)).plan["endpoints"][0]["addresses"]
    host.sh("ip netns del app; rm -r /run/linuxnet")
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        assert apply(host, **endpoints(process.pid)).plan["endpoints"][0]["addresses"] == given


def test_a_network_card_that_is_missing_is_left_out(lab: Lab, host: Host) -> None:
    host.sh("ip link add eth1 type veth peer far")
    apply(host, **{**KEPT, "ports": ["eth1"]})
    assert "Wants=sys-subsystem-net-devices-eth1.device" in host.read(UNIT)
    new = rebooted(lab, host)
    assert "interface eth1 does not exist and is left out" in program(new, "up", "br-shop").out
    assert new.inside("web").reaches("172.18.0.10")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["up", "br-none"], 1, "there is no /etc/linuxnet/br-none.json; run the role"),
        (["up", "../x"], 1, "NETWORK: '../x' is not allowed"),
        (["attach", "br-shop", "web", "x"], 1, "PID: 'x' is not allowed: the ID of a running process"),
        ([], 2, "usage: network.pyz up NETWORK"),
        (["up"], 2, "usage: network.pyz up NETWORK"),
    ],
)
def test_bad_calls(host: Host, words: list[str], code: int, sentence: str) -> None:
    apply(host, **{**KEPT, "endpoints": []})
    done = program(host, *words, check=False)
    assert done.rc == code
    assert sentence in done.out + done.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "/etc/linuxnet/br-shop.json: 'Expecting property name"),
        ('{"version": 9}', "/etc/linuxnet/br-shop.json: version: 9 is not allowed: 1"),
        (
            '{"version": 1, "network": "x", "owner": "x", "guests": {}, "modules": {"x": []}}',
            "modules: {'x': []} is not allowed",
        ),
    ],
)
def test_a_file_that_makes_no_sense(host: Host, text: str, sentence: str) -> None:
    apply(host, **{**KEPT, "endpoints": []})
    host.write(DEFINITIONS, text)
    done = program(host, "up", "br-shop", check=False)
    assert (done.rc, sentence in done.out) == (1, True), done.out


def test_what_the_kernel_refuses_is_told_with_what_was_done(lab: Lab, host: Host) -> None:
    apply(host, **KEPT)
    new = rebooted(lab, host)
    new.sh("ip link add br-shop type veth peer other")
    done = program(new, "up", "br-shop", check=False)
    assert done.rc == 1
    assert done.out.startswith("interface br-shop exists and is not a bridge but veth")


@pytest.mark.long
def test_a_network_that_was_moved_keeps_its_firewall_at_boot(lab: Lab, host: Host) -> None:
    """Nobody asks for that firewall any more, and after a reboot no rules say which one the network had."""
    apply(host, **KEPT, firewall="nftables")
    assert apply(host, **KEPT).changed == []
    new = rebooted(lab, host)
    program(new, "up", "br-shop")
    assert "br-shop" in new.sh("nft list map inet linuxnet sender")
    assert new.sh("iptables-save").count("DNAT") == 0
    assert apply(new, **KEPT).changed == ["network_service"], "the copy lacks the unit alone"


@pytest.mark.parametrize("order", [("br-shop", "br-back"), ("br-back", "br-shop")], ids=" then ".join)
def test_networks_in_two_firewalls_come_up_in_any_order(lab: Lab, host: Host, order: tuple[str, str]) -> None:
    """iptables has no table yet when the one in nftables comes first, but will have those of the other one."""
    back = {**BACK, "firewall": "nftables"}
    apply(host, **KEPT)
    apply(host, **back)
    apply(host, **KEPT)
    new = rebooted(lab, host)
    for name in order:
        program(new, "up", name)
    for one in (KEPT, back):
        assert apply(new, **one).changed == ["network_service"], "the copy lacks the unit alone"
