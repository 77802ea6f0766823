# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: isolation, traffic, modules and playbooks inside, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import frames
from tests.lab.errors import LabError, ModuleFailed
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import REPOSITORY
from tests.lab.segment import Segment


def test_a_host_has_its_own_name_files_and_processes(host: Host) -> None:
    assert host.sh("hostname; cat /etc/hostname").split() == ["host", "host"]
    host.sh("echo 1 > /etc/sysctl.d/99-test.conf; echo 2 > /run/file; echo 3 > /tmp/file")
    assert not Path("/etc/sysctl.d/99-test.conf").exists()
    assert not Path("/run/file").exists()
    assert "lab-host-host" in host.sh("ps ax -o args=")
    assert len(host.sh("ps ax -o pid=").split()) < 5


def test_a_host_cannot_write_the_machine(host: Host) -> None:
    files = ["/usr/file", "/var/file", str(REPOSITORY / "file")]  # what an ordinary user may at least look up
    switches = ["/proc/sys/kernel/panic", "/proc/sys/vm/swappiness", "/sys/module/file", "/sys/kernel/profiling"]
    for path in files + switches:
        assert "Read-only" in host.run(["sh", "-c", f"echo 0 > {path}"], check=False).err


def test_a_host_sees_its_own_links_in_sysfs(wan: Segment, host: Host) -> None:
    assert host.sh("ls /sys/class/net").split() == ["eth0", "lo"]
    host.sh("ip link add br0 type bridge; echo 1 > /sys/class/net/br0/bridge/stp_state; ip netns add web")
    assert host.ip("link", "show", "br0")[0]["linkinfo"]["info_data"]["stp_state"] == 1
    assert host.sh("ip netns exec web ls /sys/class/net") == "lo\n"


def test_a_host_begins_with_the_defaults_of_the_kernel(host: Host) -> None:
    assert host.sysctl("net/ipv4/ip_forward") == "0"
    assert host.sysctl("net/ipv4/conf/all/rp_filter") == "0"
    assert host.sysctl("net/ipv4/conf/lo/rp_filter") == "0"
    assert host.sh("iptables-save; ip6tables-save") == ""


def test_two_hosts_of_one_lab_share_nothing(lab: Lab) -> None:
    first, second = lab.host("first"), lab.host("second")
    first.sh("ip netns add web; ip link add br0 type bridge")
    assert second.sh("ip netns list; ip -o link show type bridge") == ""


def test_traffic_of_both_families_and_protocols(neighbour: Host, host: Host) -> None:
    for address, peer in (("192.0.2.1", "192.0.2.9"), ("2001:db8::1", "2001:db8::9")):
        assert neighbour.reaches(address)
        for protocol in ("tcp", "udp"):
            with host.server(80, protocol) as server:
                answer = neighbour.ask(address, 80, protocol)
                assert answer is not None
                assert (answer.peer, answer.hostname) == (peer, "host")
                assert server.seen == [peer]
            assert neighbour.ask(address, 80, protocol, timeout=0.3) is None


def test_a_client_may_choose_its_source(neighbour: Host, host: Host) -> None:
    with host.server(53, "udp"):
        answer = neighbour.ask("192.0.2.1", 53, "udp", source="192.0.2.9:5353")
        assert answer is not None
        assert answer.peer_port == 5353


def test_the_outside_answers_only_addresses_that_it_can_route(outside: Host, host: Host) -> None:
    assert host.reaches("198.51.100.1")
    assert host.reaches("2001:db8:ff::1")
    host.sh("ip address add 10.9.9.9/32 dev lo")
    with outside.server(80):
        assert host.ask("198.51.100.1", 80, source="10.9.9.9", timeout=0.3) is None


def test_a_namespace_of_a_host_is_a_place_too(host: Host) -> None:
    host.sh("ip netns add web; ip link add v0 type veth peer name v1 netns web; ip address add 10.0.0.1/24 dev v0")
    host.sh("ip link set v0 up; ip -n web link set v1 up; ip -n web address add 10.0.0.2/24 dev v1")
    web = host.inside("web")
    assert web.reaches("10.0.0.1")
    with web.server(80) as server:
        assert host.ask("10.0.0.2", 80) is not None
        assert server.seen == ["10.0.0.1"]


def test_a_segment_carries_at_once_however_many_links_wait_for_the_kernel(lab: Lab, host: Host) -> None:
    pairs = "".join(f"link add a{number} group 7 type veth peer b{number} group 7\n" for number in range(1000))
    busy = "".join(f"link set group 7 {state}\n" for state in ("up", "down", "up"))
    lab.host("busy").run(["ip", "-batch", "-"], stdin=pairs + busy)
    segment = lab.segment("lan")
    segment.join(host, "eth0", ["192.0.2.1/24"])
    neighbour = segment.neighbour("neighbour", ["192.0.2.9/24"])
    neighbour.sh("ip neighbour replace 192.0.2.1 lladdr $0 dev eth0".replace("$0", host.ip("link")[1]["address"]))
    with host.sniffer("eth0") as sniffer:
        neighbour.sh("ping -q -c 1 -W 1 192.0.2.1 || true")
        assert sniffer.wait(protocol=frames.ICMP)


def test_raw_frames_arrive_as_they_were_sent(neighbour: Host, host: Host) -> None:
    mac = "02:00:00:00:00:09"
    question = frames.arp(1, mac, "192.0.2.99", frames.BROADCAST, "192.0.2.1")
    sent = [
        frames.ethernet(frames.BROADCAST, mac, frames.IPV4, frames.udp("192.0.2.99", "192.0.2.1", 5, 7)),
        frames.ethernet(frames.BROADCAST, mac, frames.IPV4, frames.tcp("192.0.2.99", "192.0.2.1", 5, 8, frames.ACK)),
        frames.ethernet(frames.BROADCAST, mac, frames.IPV6, frames.udp("2001:db8::99", "2001:db8::1", 5, 9)),
        frames.ethernet(frames.BROADCAST, mac, frames.ARP, question),
    ]
    with host.sniffer("eth0") as sniffer:
        neighbour.send_frames("eth0", sent)
        assert sniffer.wait(kind=frames.ARP, type=1, source="192.0.2.99")
        assert [p.port for p in sniffer.packets if p.source in ("192.0.2.99", "2001:db8::99")] == [7, 8, 9, None]
        assert [p.raw for p in sniffer.packets if p.raw in sent] == sent


def test_checksums_are_right_because_the_kernel_answers(neighbour: Host, host: Host) -> None:
    to, mac = host.ip("link", "show", "eth0")[0]["address"], "02:00:00:00:00:09"
    with neighbour.sniffer("eth0") as sniffer:
        ping4, ping6 = frames.icmp("192.0.2.9", "192.0.2.1"), frames.icmpv6("2001:db8::9", "2001:db8::1")
        syn = frames.tcp("192.0.2.9", "192.0.2.1", 4000, 81)
        neighbour.send_frames(
            "eth0",
            [frames.ethernet(to, mac, frames.IPV6 if p is ping6 else frames.IPV4, p) for p in (ping4, ping6, syn)],
        )
        assert sniffer.wait(protocol=frames.ICMP, type=0, source="192.0.2.1")
        assert sniffer.wait(protocol=frames.ICMPV6, type=129, source="2001:db8::1")
        assert sniffer.wait(protocol=frames.TCP, source_port=81, source="192.0.2.1")


def test_a_router_advertisement_is_taken_by_a_host_that_listens(neighbour: Host, host: Host) -> None:
    link_local = next(
        a["local"] for a in neighbour.ip("address", "show", "eth0")[0]["addr_info"] if a["scope"] == "link"
    )
    packet = frames.router_advertisement(link_local, "02:00:00:00:00:09", "2001:db8:bad::/64")
    neighbour.send_frames("eth0", [frames.ethernet("33:33:00:00:00:01", "02:00:00:00:00:09", frames.IPV6, packet)])
    end = time.monotonic() + 2
    while "proto ra" not in host.sh("ip -6 route show default"):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_dump_shows_every_change_and_only_changes(wan: Segment, host: Host) -> None:
    host.sh("ip netns add web")
    before = host.dump()
    assert before.changes_to(host.dump()) == []
    host.sh("iptables -t nat -S; ip6tables -S")  # looking is no change
    assert before.changes_to(host.dump()) == []
    host.sh("ip -n web link set lo up; iptables -A FORWARD -j DROP; ip route add 10.0.0.0/8 via 192.0.2.254")
    host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; mkdir -p /run/linuxnet; echo x > /run/linuxnet/file")
    sections = {line.split(":")[0] for line in before.changes_to(host.dump())}
    assert sections >= {"netns/web links", "netns/web addresses", "host ipv4 rules", "host ipv4 routes", "host sysctls"}
    assert "host /run/linuxnet" in sections
    assert not sections & {"host ipv6 routes", "host links", "host addresses"}


def test_a_dump_shows_a_rule_that_moved(host: Host) -> None:
    host.sh("iptables -A INPUT -p tcp -j ACCEPT; iptables -A INPUT -p udp -j ACCEPT")
    before = host.dump()
    host.sh("iptables -D INPUT 1; iptables -A INPUT -p tcp -j ACCEPT")
    assert len(before.changes_to(host.dump())) == 4


def test_a_spawned_process_is_known_by_its_number_inside(host: Host) -> None:
    with host.spawn(["sleep", "100"], unshare_net=True) as process:
        # The shell before it already has this PID; a name that never appears ends with a timeout.
        host.sh(f"until grep -qx sleep /proc/{process.pid}/comm; do sleep 0.01; done", timeout=10)
        assert host.sh(f"readlink /proc/{process.pid}/ns/net") != host.sh("readlink /proc/1/ns/net")
    assert not host.exists(f"/proc/{process.pid}")


def _boom() -> None:
    raise ValueError("inside")


def test_what_a_function_inside_raises_is_raised_here(host: Host) -> None:
    with pytest.raises(ValueError, match="inside"):
        host.call(_boom)


def test_a_function_inside_that_hangs_is_killed(host: Host) -> None:
    with pytest.raises(LabError, match=r"no result within 0\.2 s"):
        host.call(time.sleep, 60, timeout=0.2)
    # The caller gets the error at once; the process is killed and reaped a moment later.
    host.sh("for i in $(seq 100); do ps ax -o args= | grep -q '[p]ython' || exit 0; sleep 0.05; done; exit 1")


def test_what_a_stopped_function_had_is_free_at_once(host: Host) -> None:
    for _time in range(30):
        with host.server(8080):
            pass
        assert host.sh("ss -Htln sport = :8080") == ""


def test_a_stopped_host_is_gone_and_says_so(lab: Lab, host: Host) -> None:
    other = lab.host("other")
    outer = other.pid
    other.stop()
    assert not Path(f"/proc/{outer}").exists()
    with pytest.raises(LabError, match="stopped"):
        other.sh("true")
    assert host.sh("echo alive") == "alive\n"


def _stay() -> Iterator[str]:
    yield "ready"
    signal.pause()


def test_what_was_left_running_ends_with_its_host(lab: Lab) -> None:
    """Otherwise the garbage collector would find it, and fail whatever test is running at that moment."""
    host = lab.host("victim")
    processes = [host.popen(["sleep", "1000"], stdout=subprocess.PIPE) for _number in range(2)]
    inside = host.inside(f"/proc/{host.spawn(['sleep', '1000'], unshare_net=True).pid}/ns/net").start(_stay)
    host.stop()
    assert [process.returncode is not None for process in processes] == [True, True]
    assert [process.stdout is not None and process.stdout.closed for process in processes] == [True, True]
    with pytest.raises(LabError, match="ended"):
        inside.next()
    inside.stop()


@pytest.mark.parametrize("how", ["fork", "exec", "ansible"])
def test_modules_run_in_three_ways_with_one_result(host: Host, how: str) -> None:
    want = {"name": "web", "state": "present"}
    foretold = host.module("netns", want, check=True, how=how)
    assert foretold["changed"]
    assert host.sh("ip netns list") == ""
    done = host.module("netns", want, how=how)
    assert host.sh("ip netns list").split() == ["web"]
    assert (done["changed"], done["diff"]) == (True, foretold["diff"])
    assert not host.module("netns", want, how=how)["changed"]


def test_a_module_that_fails_is_an_error_unless_that_is_expected(host: Host) -> None:
    with pytest.raises(ModuleFailed, match="a/b"):
        host.module("netns", {"name": "a/b"})
    assert "a/b" in host.module("netns", {"name": "a/b"}, fails=True)["msg"]
    with pytest.raises(AssertionError, match="did not fail"):
        host.module("netns", {"name": "web"}, fails=True)


def test_a_playbook_reports_its_tasks(host: Host) -> None:
    tasks = [
        {"name": "Make", "netplumb.linuxnet.netns": {"name": "web"}},
        {"name": "Skip", "ansible.builtin.command": "false", "when": False},
        {"name": "Fail", "ansible.builtin.fail": {"msg": "on purpose"}},
    ]
    run = host.playbook(tasks, fails=True)
    assert [task.status for task in run.tasks] == ["ok", "skipped", "failed"]
    assert [task.name for task in run.changed] == ["Make"]
    assert [diff["after_header"] for diff in run.diffs] == ["netns web"]
    assert run.task("Fail").result["msg"] == "on purpose"


_KILLED = """
import os, signal, sys
sys.path.insert(0, {repository!r})
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
from tests.lab.lab import Lab
lab = Lab()
host = lab.host("victim{signal}")
lab.segment("wan").join(host)
process = host.spawn(["sleep", "1000"])
server = host.server(80)
server.__enter__()
print(host.pid, flush=True)
os.kill(os.getpid(), {signal})
"""


def _processes() -> set[str]:
    listing = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    return set(listing.stdout.splitlines())


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_a_killed_test(signal_: signal.Signals) -> None:
    program = _KILLED.format(repository=str(REPOSITORY), signal=int(signal_))
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert killed.returncode != 0
    pid = killed.stdout.split()[0]
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() or any(f"lab-host-victim{int(signal_)} " in line for line in _processes()):
        assert time.monotonic() < end, "the host lives on"
        time.sleep(0.02)


def test_the_lab_leaves_the_machine_alone() -> None:
    def machine() -> list[str]:
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            names = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
            return [*mounts.read().splitlines(), *os.listdir("/sys/class/net"), *names]

    before = machine()
    with Lab() as lab:
        host = lab.host("host")
        lab.segment("wan").join(host)
        host.sh("ip netns add web; ip link add br0 type bridge; mount -t tmpfs none /mnt")
        assert machine() == before
    assert machine() == before
