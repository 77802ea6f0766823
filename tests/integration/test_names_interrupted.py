# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed while it writes the files of namespaces: the next run of any module finishes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.test_names import LAN, MODULE
from tests.lab import modules
from tests.lab.host import Host
from tests.sweep import inside
from tests.sweep.faults import faults

pytestmark = pytest.mark.needs("seccomp-notification")

FOREIGN = "10.7.7.7 somebodys\n" * 300
#: One namespace leaves, one comes, and the others have fewer names and another resolver.
BEFORE: dict[str, Any] = {
    "owner": "lan",
    "hosts": [f"10.0.0.{number} host{number} name{number}" for number in range(1, 200)],
    "namespaces": [{"name": "a"}, {"name": "b", "dns_servers": ["10.0.0.53"]}, {"name": "gone"}],
}
AFTER: dict[str, Any] = {
    "owner": "lan",
    "hosts": ["10.0.0.1 short", "10.0.0.250 late"],
    "namespaces": [{"name": "a"}, {"name": "b", "dns_options": ["ndots:2"]}, {"name": "come"}],
}
GONE = {"owner": "lan", "state": "absent"}
PLACE = "/etc/netns"


def _files(host: Host) -> dict[str, str]:
    found = host.sh(f"find {PLACE} -type f 2>/dev/null || true").split()
    return {path: host.read(path) for path in found}


def _killed(host: Host, options: dict[str, Any], point: inside.Point | None) -> inside.Watched:
    watched: inside.Watched = host.call(
        inside.run, MODULE, options, point, None, 60, preload=(modules.file_of(MODULE),), timeout=120
    )
    return watched


def _start(host: Host) -> None:
    host.sh(f"rm -rf {PLACE}; mkdir -p {PLACE}/a")
    host.write(f"{PLACE}/a/hosts", FOREIGN)
    host.module(MODULE, BEFORE)


@pytest.mark.long
def test_killed_before_any_call(host: Host) -> None:
    """Each file is the old or the new one for who looks after the next run, whatever that was about."""
    _start(host)
    old = _files(host)
    points = [fault.point for fault in faults(_killed(host, AFTER, None).points) if fault.error is None]
    new = _files(host)
    assert old.keys() - new.keys() == {f"{PLACE}/gone/hosts"}
    assert new.keys() - old.keys() == {f"{PLACE}/come/hosts"}
    halves = 0
    for point in points:
        _start(host)
        inode = host.sh(f"stat --format %i {PLACE}/a/hosts")
        watched = _killed(host, AFTER, point)
        assert watched.exit == (-9 if watched.hit else 0), point
        halves += any(
            path.endswith("hosts") and text not in (old.get(path), new.get(path)) for path, text in _files(host).items()
        )
        foretold = host.module(MODULE, AFTER, check=True)
        host.module("bridge", {"name": "br0", "state": "absent"})
        left = _files(host)
        assert left.keys() <= old.keys() | new.keys(), point
        assert all(text in (old.get(path), new.get(path)) for path, text in left.items()), point
        done = host.module(MODULE, AFTER)
        assert foretold["diff"] == done["diff"], point
        assert _files(host) == new, point
        assert host.sh(f"ls -a {PLACE}").split() == [".", "..", "a", "b", "come"], point
        assert host.sh(f"stat --format %i {PLACE}/a/hosts") == inode, point
        assert not host.module(MODULE, AFTER)["changed"]
        _killed(host, GONE, point)
        host.module(MODULE, GONE)
        assert _files(host) == {f"{PLACE}/a/hosts": FOREIGN}, point
    assert halves, "no kill came while a file was half written"


def test_half_a_write(host: Host) -> None:
    """The kernel may stop in the middle of a write, too; what somebody has written since is his."""
    _start(host)
    old = host.read(f"{PLACE}/a/hosts")
    points = _killed(host, AFTER, None).points
    new = host.read(f"{PLACE}/a/hosts")
    (first,) = [point for point in points if point.call == "ftruncate"][:1]
    for text, finished in (
        (new[: len(new) // 2] + old[len(new) // 2 :], True),
        (new[:300], False),
        (new, True),
        (new + old[len(new) :], True),
        (f"{new}10.8.8.8 mine\n", False),
    ):
        _start(host)
        assert _killed(host, AFTER, first).exit == -9
        host.run(["sh", "-c", f"cat >{PLACE}/a/hosts"], stdin=text)
        host.module("bridge", {"name": "br0", "state": "absent"})
        assert host.read(f"{PLACE}/a/hosts") == (new if finished else text)
        assert not host.exists(f"{PLACE}/.linuxnet-unfinished")


def test_a_forged_record_is_not_applied(host: Host) -> None:
    _start(host)
    host.write("/etc/victim", "old")
    entry = '[{"old": "old", "new": "new", "paths": ["/etc/victim", "/etc/netns/../victim"]}]'
    for record in (entry, "{", "[]", "{}", "[1]", '[{"old": "old"}]'):
        host.write(f"{PLACE}/.linuxnet-unfinished", record)
        host.module("bridge", {"name": "br0", "state": "absent"})
        assert host.read("/etc/victim") == "old"
        assert not host.exists(f"{PLACE}/.linuxnet-unfinished")
    host.write(f"{PLACE}/.linuxnet-unfinished", entry)
    host.sh(f"chmod 777 {PLACE}")
    told = host.module("bridge", {"name": "br0", "state": "absent"}, fails=True)["msg"]
    assert f"users other than root may write to {PLACE}" in told


def test_what_is_on_other_files_does_not_matter(host: Host) -> None:
    """A namespace of another owner in the same call, and names that no run has ever written."""
    host.module(MODULE, {"aggregate": [LAN, {**LAN, "owner": "other"}]})
    before = _files(host)
    host.sh(f"mkdir {PLACE}/.tmp-linuxnet-x; touch {PLACE}/.tmp-linuxnet-x/hosts {PLACE}/.tmp-linuxnet-y")
    host.module("bridge", {"name": "br0", "state": "absent"})
    assert _files(host) == before
