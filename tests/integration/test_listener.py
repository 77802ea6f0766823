# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that listens for firewalld's reload ignores other senders: any user can send a signal of that name."""

from __future__ import annotations

import time

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import unit
from tests.integration import bus
from tests.lab.host import Host

FIREWALLD = "org.fedoraproject.FirewallD1"


def _listener() -> str:
    """The unit's shell script, which here only reports that it would reload the network."""
    name = unit.listener("br0")
    text = unit.texts("br0", "network.pyz", [], external=False)[name]
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=/bin/sh -c ")]
    script = line.removeprefix("ExecStart=/bin/sh -c ").strip("'").replace("$$", "$")
    return script.replace("systemctl try-reload-or-restart", "echo reloaded")


def _wait_for(host: Host, path: str, text: str) -> None:
    end = time.monotonic() + 20
    while not host.exists(path) or text not in host.read(path):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.needs("dbus")
def test_the_reload_of_firewalld_alone_is_heeded(host: Host) -> None:
    host.sh("mkdir -p /run/dbus")
    host.write("/tmp/bus.conf", bus.CONFIGURATION)
    with host.spawn(["dbus-daemon", "--config-file=/tmp/bus.conf", "--nofork", "--nopidfile"]):
        end = time.monotonic() + 10
        while not host.exists(bus.SOCKET):
            assert time.monotonic() < end
            time.sleep(0.05)
        with host.spawn(["sh", "-c", f"{{ {_listener()}; }} >/tmp/told 2>/tmp/state"]):
            _wait_for(host, "/tmp/state", "Monitoring")
            with host.start(bus.signal, FIREWALLD, FIREWALLD, "Reloaded") as sender:
                assert sender.next() == "owner", "the first one was the stranger's"
                _wait_for(host, "/tmp/told", "reloaded")
            assert host.read("/tmp/told") == "reloaded linuxnet-br0.service\n"
