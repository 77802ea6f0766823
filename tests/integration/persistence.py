# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a persistent network on a lab host, and restarted hosts, without systemd."""

from __future__ import annotations

import re

from tests.lab.dumps import Dump
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Result

PROGRAM = "/etc/linuxnet/network.pyz"
DEFINITIONS = "/etc/linuxnet/br-shop.json"
UNIT = "/etc/systemd/system/linuxnet-br-shop.service"
RULES_UNIT = "/etc/systemd/system/linuxnet-br-shop.rules.service"
LINK = "/etc/systemd/system/multi-user.target.wants/linuxnet-br-shop.service"
SWITCHES = [f"/etc/sysctl.d/90-linuxnet-br-shop-{family}.conf" for family in ("ipv4", "ipv6")]
#: Numbers and addresses that the kernel chooses, and what it shows some time after a carrier change.
_CHANCE = re.compile(
    r'"(ifindex|link_index|link_netnsid|address|permaddr|bridge_id|no|port_id|id)": ("[\w:.]*"|\d+)'
    r'|"(NO-CARRIER|LOWER_UP|linkdown|M-DOWN)",? ?'
    r"|namespace \d+|\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b"
    r'|"state": "\w+"'
    # The host's own name, and what was made of it.
    r"|(?<=127\.0\.0\.1 localhost )\w+|(?<=::1 localhost )\w+|SHA-256 [0-9a-f]{64}"
)
_OF_ONE_FILE = re.compile(r"/run/linuxnet/netns/(\S+) \S+ .*(?P<owners>\"owners\": [^,]*)\S* .*")


def program(host: Host, *words: str, check: bool = True) -> Result:
    """Run it as its unit does, with the Python in its first line."""
    return host.run([PROGRAM, *words], check=check)


def rebooted(lab: Lab, host: Host, name: str = "rebooted") -> Host:
    """A new host with the other one's files under /etc/linuxnet, and nothing of what was in its kernel."""
    packed = host.sh("tar --create --directory=/etc linuxnet | base64")
    new = lab.host(name)
    new.run(["sh", "-ec", "base64 --decode | tar --extract --directory=/etc"], stdin=packed)
    return new


def told(dump: Dump, files: bool = True) -> list[str]:
    """A dump of everything except what the kernel chooses; optionally without the files in /etc."""
    found = []
    for section, lines in dump.items():
        for line in lines:
            if "fe80:" not in line and (files or not section.startswith("host /etc")):
                found.append(f"{section}: " + _OF_ONE_FILE.sub(r"claim on \1 \2", _CHANCE.sub("", line)))
    return sorted(found)
