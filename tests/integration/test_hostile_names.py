# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names with terminal escape sequences or invalid text, a careless environment, and leftovers of killed runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import apply, in_one, remove
from tests.integration.persistence import PROGRAM, program
from tests.integration.settling import settle
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}],
}
#: For printf: a byte that is not UTF-8, and sequences that clear the screen and begin a line.
BYTES, STEERING = "a\\377\\376\\200", "b\\033[2J"
#: Objects with such names of every kind.
HOSTILE = f"""
for name in "$(printf '{BYTES}')" "$(printf '{STEERING}')"; do
  ip -n web link add "$name" type bridge
  ip -n web link set "$name" alias "$name"
  ip link add "$name" type bridge
  ip link set "$name" alias "$name"
  ip netns add "$name"
done
"""


def test_names_are_told_as_text(host: Host) -> None:
    apply(host, **NETWORK)
    host.sh(HOSTILE)
    for options in ({}, {"text": True}):
        told = host.module("netns_info", options)
        view = json.loads(told["text"]) if options else told
        (web,) = [one for one in view["namespaces"] if one["name"] == "web"]
        for place in (web["interfaces"], view["host"]["interfaces"]):
            named = {one["name"]: one["alias"] for one in place}
            assert named["a\\xff\\xfe\\x80"] == "a\\xff\\xfe\\x80"
            assert named["b\\x1b[2J"] == "b\\x1b[2J"
        assert {"a\\xff\\xfe\\x80", "b\\x1b[2J"} <= {one["name"] for one in view["namespaces"]}
    assert apply(host, **NETWORK).changed == []
    assert in_one(host, {"name": "br0", "state": "absent"})["changed"]


def test_no_sentence_steers_a_terminal(host: Host) -> None:
    """A bridge port that stays, and a listening process."""
    apply(host, **NETWORK)
    host.sh(f"""name="$(printf '{STEERING}')"; ip link add "$name" type veth peer p0; ip link set "$name" master br0""")
    told = json.dumps(in_one(host, {"name": "br0", "state": "absent"})["warnings"], ensure_ascii=False)
    assert "b\\\\x1b[2J: foreign ports of the removed bridge br0" in told
    script = (
        "import socket, time; s = socket.create_server(('', 8080));"
        "open('/proc/self/comm', 'w').write('c\\033[2J\\n'); time.sleep(60)"
    )
    with host.spawn(["python3", "-c", script]):
        host.sh('until [ -n "$(ss -Hltn sport = :8080)" ]; do sleep 0.05; done; sleep 0.3')
        listeners = host.module("netns_info")["host"]["listeners"]
        assert [one["process"] for one in listeners if one["port"] == 8080] == ["c\\x1b[2J"]


@pytest.mark.parametrize("umask", ["0", "077"])
def test_the_umask_is_no_matter(host: Host, umask: str) -> None:
    """Whoever could write below /run/linuxnet could forge a record, and have another namespace removed."""
    argv = host.module_argv("netns", {"name": "web"})
    host.run(["sh", "-c", f'rmdir /run/netns; umask {umask}; exec "$@"', "sh", *argv])
    assert host.sh("stat -c '%a' /run/linuxnet /run/linuxnet/netns").split() == ["755", "755"]
    assert host.sh("stat -c '%a' /run/linuxnet/netns/web").split() == ["600"]


@pytest.mark.long
def test_what_others_may_write_is_not_trusted(host: Host) -> None:
    apply(host, **NETWORK, persistent=True)
    settle(host, *host.sh("ls /run/netns").split())
    before = host.dump()
    for directory in ("/run/linuxnet", "/run/linuxnet/netns"):
        host.sh(f"chmod 777 {directory}")
        told = in_one(host, {"name": "br0", "state": "absent"}, fails=True)["msg"]
        assert told.startswith(f"users other than root may write to {directory}, so its content cannot be trusted")
        host.sh(f"chmod 755 {directory}")
    host.sh("chmod 777 /etc/linuxnet")
    done = program(host, "up", "br0", check=False)
    assert (done.rc, "users other than root may write to /etc/linuxnet" in done.out) == (1, True)
    host.sh("chmod 755 /etc/linuxnet")
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize("path", ["PATH=", "PATH=:/nowhere", "PATH=.", "-u PATH"])
def test_no_program_of_the_current_directory_is_run(host: Host, path: str) -> None:
    apply(host, **NETWORK, persistent=True)
    host.sh("mkdir /tmp/trap; cd /tmp/trap; printf '#!/bin/sh\\ntouch /tmp/caught\\n' >iptables-save; chmod 755 *")
    others = "iptables-restore ip6tables-save ip6tables-restore systemctl"
    host.sh(f"cd /tmp/trap; for one in {others}; do cp iptables-save $one; done")
    for run in (host.module_argv("netns_info", {})[1:], [PROGRAM, "stop", "br0"]):
        host.run(["env", "--chdir=/tmp/trap", *path.split(), *run])
    assert not host.exists("/tmp/caught")


def test_what_killed_writers_left_is_swept(host: Host) -> None:
    apply(host, **NETWORK, persistent=True)
    directories = ("/run/linuxnet/netns", "/run/linuxnet", "/etc/linuxnet", "/etc/sysctl.d", "/etc/systemd/system")
    managers = [
        f"{place}/{manager}" for place in ("/run", "/etc") for manager in ("systemd/network", "NetworkManager/conf.d")
    ]
    host.sh(f"mkdir -p /run/linuxnet/ports /run/linuxnet/untold {' '.join(managers)}")
    for directory in (*directories, "/run/linuxnet/ports", "/run/linuxnet/untold", *managers):
        host.sh(f"touch {directory}/.tmp-linuxnet-abc {directory}/.tmp-other")
    host.sh("rm /run/linuxnet/.tmp-* /run/linuxnet/*/.tmp-other /etc/linuxnet/.tmp-other")
    remove(host, "br0")
    assert host.sh("ls -a /etc/sysctl.d /etc/systemd/system | grep tmp").split() == [".tmp-other"] * 2
    assert host.sh(f"ls -A {' '.join(managers)} | grep tmp").split() == [".tmp-other"] * 4
    assert not host.exists("/run/linuxnet")
    assert not host.exists("/etc/linuxnet")
