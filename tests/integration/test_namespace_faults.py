# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace is dead only if the kernel says so, and only what was checked is removed."""

from __future__ import annotations

import errno
import itertools
import os
import re
import time
from typing import Any

import pytest

from tests.integration.faults import with_failing_ioctl, with_failing_open, with_interference
from tests.integration.networks import apply, in_one
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web"}],
}


def _inode(host: Host, name: str = "web") -> str:
    return host.sh(f"stat -L -c %d:%i /run/netns/{name}")


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO])
def test_a_namespace_that_cannot_be_opened_is_not_replaced(host: Host, code: int) -> None:
    """For each open of a run, with a foreign namespace and everything in it."""
    host.sh("ip netns add web; ip -n web link add inner type bridge; ip -n web link set lo up")
    before = _inode(host)
    for number in itertools.count():
        result = host.call(with_failing_open, "netns", {"name": "web"}, "/run/netns/web", code, number)
        assert _inode(host) == before
        if result["opened"] <= number:
            break
        assert result.get("failed") is True
        assert result["msg"] == f"cannot open namespace web: {os.strerror(code)} ({errno.errorcode[code]})"
    host.sh("ip -n web link show inner")


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOMEM, errno.EINTR])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_namespace_of_which_the_kernel_does_not_tell_the_type_is_not_replaced(
    host: Host, state: str, code: int
) -> None:
    """For each such ioctl of a run, with a foreign namespace and everything in it, and with one of ours."""
    host.sh("ip netns add web; ip -n web link add inner type bridge; ip -n web link set lo up")
    host.module("netns", {"name": "ours"})
    before = _inode(host), _inode(host, "ours")
    options = {"aggregate": [{"name": "web"}, {"name": "ours", "state": state}]}
    for number in itertools.count():
        result = host.call(with_failing_ioctl, "netns", options, code, number)
        if result["asked"] <= number:
            break
        assert (_inode(host), _inode(host, "ours")) == before
        assert result.get("failed") is True
        told = f"{os.strerror(code)} ({errno.errorcode[code]})"
        assert result["msg"].partition(". Already done")[0] in [
            f"cannot open namespace {name}: {told}" for name in ("web", "ours")
        ]
    assert number > 1
    assert not result.get("failed")
    assert host.exists("/run/netns/ours") is (state == "present")
    assert _inode(host) == before[0]
    host.sh("ip -n web link show inner")


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.long
def test_a_network_is_not_made_or_removed_by_halves(host: Host, state: str) -> None:
    """Whichever open fails once, the next run completes everything."""
    for number in itertools.count():
        options = NETWORK if state == "present" else {"name": "br0", "state": "absent"}
        if state == "absent":
            apply(host, **NETWORK)
        arguments = ("bridge_network", options, "/run/netns/web", errno.EMFILE, number)
        result = host.call(with_failing_open, *arguments)
        if result["opened"] <= number:
            break
        assert re.match("cannot (open|create) namespace web: Too many open files", result["msg"]), result
        if state == "present":
            assert apply(host, **NETWORK).plan["endpoints"]
            assert apply(host, **NETWORK).changed == []
        in_one(host, {"name": "br0", "state": "absent"})
        assert host.sh("ip netns list; ip -o link show type veth; ip -o link show type bridge") == ""
        assert not host.exists("/run/linuxnet")
    assert number > 1


@pytest.mark.parametrize("attached", [False, True])
def test_a_namespace_that_came_alive_meanwhile_keeps_its_name(host: Host, attached: bool) -> None:
    """The file was dead when it was checked."""
    host.sh("touch /run/netns/web")
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        options = {"name": "web", **({"pid": process.pid} if attached else {})}
        result = host.call(with_interference, "netns", options, "rm /run/netns/web; ip netns add web")
    if attached:
        assert "namespace web was just given to another namespace" in result["msg"]
    else:
        assert result["changed"]
    host.sh("ip netns exec web true")
    assert host.sh("ls /run/linuxnet/netns 2>/dev/null || true") == "", "it is not ours"


def test_a_namespace_that_was_replaced_meanwhile_is_not_removed(host: Host) -> None:
    host.module("netns", {"name": "web"})
    script = "ip netns del web; ip netns add web; ip link add v0 type veth peer eth0 netns web"
    result = host.call(with_interference, "netns", {"name": "web", "state": "absent"}, script)
    assert "namespace web was just given to another namespace and is left alone; run again" in result["msg"]
    host.sh("ip netns exec web true; ip link show v0")


def test_a_namespace_that_went_meanwhile_is_gone(host: Host) -> None:
    host.module("netns", {"name": "web"})
    result = host.call(with_interference, "netns", {"name": "web", "state": "absent"}, "ip netns del web")
    assert result["changed"]
    assert host.sh("ip netns list") == ""
    assert not host.exists("/run/linuxnet")


def test_a_name_that_is_re_pointed_is_that_of_the_namespace_that_was_seen(host: Host) -> None:
    with host.spawn(["sleep", "1000"], unshare_net=True) as new:
        with host.spawn(["sleep", "1000"], unshare_net=True) as old:
            host.module("netns", {"name": "app", "pid": old.pid})
        script = "ip netns del app; ip netns add app"
        result = host.call(with_interference, "netns", {"name": "app", "pid": new.pid}, script)
        assert "namespace app was just given to another namespace" in result["msg"]
        assert host.sh("ip netns pids app") == ""


@pytest.mark.parametrize("make", ["mkfifo", "touch", "mkdir", "ln -s /nowhere", "ln -s web"])
def test_what_is_no_namespace_is_dead_at_once(host: Host, make: str) -> None:
    """Opening a FIFO would wait for a writer."""
    host.sh(f"{make} /run/netns/web")
    begun = time.monotonic()
    told = host.module("netns_info")["namespaces"]
    assert [(one["name"], one["live"]) for one in told] == [("web", False)]
    assert time.monotonic() - begun < 20
    host.sh("rm -rf /run/netns/web; mkdir -p /run/netns")
    host.sh(f"{make} /run/netns/web")
    done = host.module("netns", {"name": "web"}, fails=make == "mkdir")
    if make == "mkdir":
        assert "Is a directory" in done["msg"]
    else:
        host.sh("ip netns exec web true")
