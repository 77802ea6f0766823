# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs on one host at once: each waits for the previous one, and nobody else can make them wait."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.locking import impatient
from tests.integration.networks import apply, in_one
from tests.integration.persistence import PROGRAM, program
from tests.lab.host import Host, Process

LOCK = "/run/linuxnet.lock"
ROUNDS = 3
FIRST: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}, {"namespace": "db"}],
}
SECOND: dict[str, Any] = {
    "name": "br1",
    "ipam_config": [{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}],
    "endpoints": [{"namespace": "app", "published_ports": ["9090:90"]}],
    "icc": False,
}
#: Uses the first network's namespace.
SHARING = {**SECOND, "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}]}
OTHER = {**FIRST, "endpoints": [{"namespace": "web", "published_ports": ["8081:80"]}, {"namespace": "new"}]}
GONE = {"name": "br0", "state": "absent"}

#: What exists before, and what then runs at once.
PAIRS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "two networks": ([], [FIRST, SECOND]),
    "one network twice": ([], [FIRST, FIRST]),
    "changes of two": ([FIRST, SECOND], [OTHER, {**SECOND, "icc": True}]),
    "one made, one taken away": ([FIRST], [GONE, SECOND]),
    "a namespace shared": ([], [FIRST, SHARING]),
    "a namespace shared with one that goes": ([FIRST], [GONE, SHARING]),
}


def _at_once(host: Host, networks: list[dict[str, Any]]) -> None:
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda one: in_one(host, one), networks))


@pytest.mark.parametrize("what", PAIRS)
@pytest.mark.long
def test_runs_at_once(host: Host, what: str) -> None:
    before, pair = PAIRS[what]
    for _round in range(ROUNDS):
        for network in before:
            apply(host, **network)
        _at_once(host, pair)
        for network in pair:
            assert apply(host, **network).changed == []
        for name in ("br0", "br1"):
            in_one(host, {"name": name, "state": "absent"})
        assert host.sh("ip netns list; ip -o link show type veth; ip -o link show type bridge") == ""


def test_modules_at_once(host: Host) -> None:
    """Each reads and writes the same chain."""
    numbers = range(20)
    host.module("bridge", {"name": "br0"})
    with ThreadPoolExecutor() as threads:
        ports = [{"host_port": str(8000 + number), "to_address": "172.18.0.2", "to_port": "80"} for number in numbers]
        list(threads.map(lambda one: host.module("dnat", one), ports))
    assert host.sh("iptables-save -t nat").count("-j DNAT") == len(numbers)
    assert not host.module("dnat", {"aggregate": ports})["changed"]


@pytest.mark.long
def test_the_program_waits_for_a_module_and_a_module_for_it(host: Host) -> None:
    apply(host, **FIRST, persistent=True)
    for _round in range(3):
        apply(host, **GONE, check=False)
        apply(host, **FIRST, persistent=True)
        program(host, "stop", "br0")
        with ThreadPoolExecutor() as threads:
            booting = threads.submit(program, host, "up", "br0")
            _at_once(host, [SECOND])
            booting.result()
        assert "0 of its parts were changed" in program(host, "up", "br0").out
        assert apply(host, **SECOND).changed == []
        in_one(host, {"name": "br1", "state": "absent"})


def test_who_waits_too_long_is_told_for_whom(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    before = host.dump()
    with _holding(host, LOCK) as holder:
        told = host.call(impatient, "bridge", {"name": "br1"})
        assert told["msg"] == (
            "another run is changing this host and has not finished within 1 seconds: "
            f"process {holder.pid} (sleep 600); wait for it or end it, then run again"
        )
        assert host.module("bridge", {"name": "br1"}, check=True)["changed"], "check mode needs no lock"
        assert host.module("netns_info")["host"]["interfaces"]
    assert before.changes_to(host.dump()) == []
    assert host.module("bridge", {"name": "br1"})["changed"]


@contextlib.contextmanager
def _holding(host: Host, path: str) -> Iterator[Process]:
    """A process that holds the lock on a file, and is killed."""
    with host.spawn(["flock", "--no-fork", path, "sleep", "600"]) as process:
        end = time.monotonic() + 10
        while host.run(["flock", "--nonblock", path, "true"], check=False).rc == 0:
            assert time.monotonic() < end
            time.sleep(0.01)
        yield process


def test_the_lock_goes_with_its_process(host: Host) -> None:
    host.module("bridge", {"name": "br0"})
    with _holding(host, LOCK):
        pass
    begun = time.monotonic()
    host.module("bridge", {"name": "br1"})
    assert time.monotonic() - begun < 5


def test_no_ordinary_user_can_have_it(host: Host) -> None:
    """However the file became accessible to all."""
    host.module("bridge", {"name": "br0"})
    assert host.sh(f"stat -c '%a %u %F' {LOCK}") == "600 0 regular empty file\n"
    host.sh(f"chmod 666 {LOCK}")
    host.module("bridge", {"name": "br1"})
    assert host.sh(f"stat -c %a {LOCK}") == "600\n"


@pytest.mark.parametrize("make", ["mkfifo", "mkdir", "ln -s /etc/hostname"])
def test_what_is_no_file_there_is_refused(host: Host, make: str) -> None:
    host.sh(f"{make} {LOCK}")
    told = host.module("bridge", {"name": "br0"}, fails=True)["msg"]
    assert LOCK in told
    assert "\n" not in told


def test_check_mode_makes_no_file(host: Host) -> None:
    host.module("bridge", {"name": "br0"}, check=True)
    host.module("netns_info")
    assert not host.exists(LOCK)


@pytest.mark.long
def test_a_lock_on_a_directory_that_all_can_open_stops_nobody(host: Host) -> None:
    """Neither on the directory of definitions nor on that of namespaces."""
    apply(host, **FIRST, persistent=True)
    with _holding(host, "/etc/linuxnet"), _holding(host, "/run/netns"):
        host.sh("iptables -t mangle -F; ip netns del db")
        begun = time.monotonic()
        program(host, "up", "br0")
        assert apply(host, **FIRST, persistent=True).changed == []
        apply(host, **SECOND)
        assert time.monotonic() - begun < 20
    assert "LINUXNET" in host.sh("iptables-save -t mangle")


def test_the_first_namespace_is_made_though_somebody_holds_its_directory(host: Host) -> None:
    """While it is no mount point, ip would wait forever."""
    with _holding(host, "/run/netns"):
        told = host.call(impatient, "netns", {"name": "web"})
    assert "another process keeps /run/netns locked" in str(told["warnings"])
    assert host.sh("ip netns exec web true; ip netns del web") == ""


@pytest.mark.long
def test_a_service_that_is_started_does_not_wait_for_the_one_who_starts_it(host: Host) -> None:
    """With a systemctl that does what systemd does then."""
    host.sh("mkdir -p /run/systemd/system; mount -t tmpfs first /usr/local/sbin")
    host.sh("install /dev/null /usr/local/sbin/systemctl")
    host.write(
        "/usr/local/sbin/systemctl",
        '#!/bin/sh\ncase "$1" in\n'
        "show) echo ActiveState=inactive; echo NeedDaemonReload=no;;\n"
        f"start) exec {PROGRAM} up br0;;\nesac\n",
    )
    begun = time.monotonic()
    done = apply(host, **FIRST, persistent=True)
    assert done.results["network_service"]["changed"]
    assert time.monotonic() - begun < 20
