# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld of Debian's testing release on a host of the lab, with a bus and a configuration of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.engines.releases import NEWEST
from tests.integration import bus
from tests.lab.errors import LabError
from tests.lab.host import Host

CONFIGURATION = "/etc/firewalld/firewalld.conf"
_HOME = "/run/firewalld-here"
_BUS, _LOG = f"{_HOME}/bus.conf", f"{_HOME}/log"
#: The host's own /etc/firewalld, where the collection reads it, becomes that of the release's programs.
_FURNISH = """
mkdir -p /etc/firewalld /run/dbus "$1"
cp -a /boot/etc/firewalld/. /etc/firewalld
mount --bind /etc/firewalld /boot/etc/firewalld
"""
_START_SECONDS = 30


class Firewalld:
    """It sees the host's own network namespace alone, and ends with the host."""

    def __init__(self, host: Host, **settings: str) -> None:
        """settings: what firewalld.conf is to say instead of what it says in the package."""
        self._host = host
        self._programs = NEWEST.on(host)
        host.run(["sh", "-ec", _FURNISH, "sh", _HOME])
        host.write(_BUS, bus.CONFIGURATION)
        self.set(**settings)
        self._programs.offer("firewall-cmd", _HOME)
        self._start("dbus-daemon", f"--config-file={_BUS}", "--nofork", "--nopidfile")
        self._wait(lambda: host.exists(bus.SOCKET))
        self._start("firewalld", "--nofork", "--nopid", "--log-target=console")
        self._wait(self.runs)

    def set(self, **settings: str) -> None:
        """Change firewalld.conf, which takes effect with the next reload."""
        text = self._host.read(CONFIGURATION)
        for name, value in settings.items():
            text, found = re.subn(f"^{name}=.*", f"{name}={value}", text, flags=re.MULTILINE)
            assert found, f"this firewalld has no {name}"
        self._host.write(CONFIGURATION, text)

    def do(self, line: str) -> str:
        """The output of a line for the shell that may have firewall-cmd in it."""
        path = f"{_HOME}:{self._host.environment()['PATH']}"
        return self._host.run(["sh", "-ec", line], env={"PATH": path}).out

    def runs(self) -> bool:
        command = [f"{_HOME}/firewall-cmd", "--state"]
        return self._host.run(command, check=False).out.strip() == "running"

    def _start(self, name: str, *options: str) -> None:
        programs = self._programs
        argv = programs.argv(programs.program(name), *options)
        self._host.popen(["sh", "-c", f'exec "$@" >>{_LOG} 2>&1', "sh", *argv], programs.environment)

    def _wait(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + _START_SECONDS
        while not ready():
            if time.monotonic() > end:
                raise LabError(f"firewalld did not come up:\n{self._host.read(_LOG)[-2000:]}")
            time.sleep(0.1)
