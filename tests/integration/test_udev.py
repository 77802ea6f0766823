# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose udev changes each new link according to a line for all links."""

from __future__ import annotations

import shutil
import time

import pytest

from tests.integration.networks import SHOP, apply
from tests.lab.host import Host

#: Like systemd's own rule with the program systemd-sysctl, but a little later.
RULE = """
ACTION=="add", SUBSYSTEM=="net", KERNEL!="lo", RUN+="/bin/sh -c 'sleep 0.3; cd /proc/sys/net; \
echo 1 > ipv6/conf/$name/accept_ra; echo 1 > ipv4/conf/$name/rp_filter'"
"""


@pytest.mark.needs("udev")
def test_its_settings_come_before_ours(host: Host) -> None:
    program = shutil.which("udevadm", path="/usr/sbin:/usr/bin:/sbin:/bin")
    host.sh(f"mkdir -p /run/udev/rules.d; ln -s {program} /run/systemd-udevd")
    host.write("/run/udev/rules.d/99-all-links.rules", RULE)
    with host.spawn(["/run/systemd-udevd"]) as daemon:
        while not host.exists("/run/udev/control"):
            time.sleep(0.05)
        host.sh("ip link add one type veth peer other")
        host.sh("while [ $(ls /run/udev/data | grep -c ^n) -lt 2 ]; do sleep 0.1; done")
        host.sh("while [ -e /run/udev/queue ]; do sleep 0.1; done")
        assert host.sysctl("net/ipv4/conf/one/rp_filter") == "1", "that is how this udev is"
        apply(host, **SHOP)
        time.sleep(1)
        assert apply(host, **SHOP).changed == []
        assert host.sysctl("net/ipv4/conf/br-shop/rp_filter") == "2"
        assert daemon.running()
