# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``engines.py cni|netavark add|remove FIRST LAST PROGRAMS``: endpoints with an engine's own programs, one by one.

They are called as by a container runtime: with JSON on standard input, once per endpoint and plugin. Runs inside a lab
host with only the standard library. PROGRAMS: the directory of the engine's programs.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import subprocess
import sys
from typing import Any

SUBNET = ipaddress.IPv4Network("172.18.0.0/16")
_CNI = {"cniVersion": "0.4.0", "name": "br0"}


def _run(argv: list[str], want: Any, **environment: str) -> str:
    done = subprocess.run(
        argv, input=json.dumps(want), text=True, capture_output=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def cni(command: str, number: int, programs: str) -> None:
    ipam = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": str(SUBNET), "gateway": str(SUBNET[1])}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    mapping = {"hostPort": 10000 + number, "containerPort": 80, "protocol": "tcp"}
    chain: list[dict[str, Any]] = [
        {"type": "bridge", "bridge": "br0", "isGateway": True, "ipMasq": True, "hairpinMode": True, "ipam": ipam},
        {"type": "portmap", "snat": True, "runtimeConfig": {"portMappings": [mapping]}},
        {"type": "firewall", "backend": "iptables"},
    ]
    result: dict[str, Any] = {}
    for plugin in chain if command == "ADD" else reversed(chain):
        want = {**_CNI, **plugin, **({"prevResult": result} if result else {})}
        said = _run(
            [f"{programs}/{plugin['type']}"], want,
            CNI_COMMAND=command, CNI_CONTAINERID=f"e{number}", CNI_NETNS=f"/run/netns/e{number}",
            CNI_IFNAME="eth0", CNI_PATH=programs,
        )  # fmt: skip
        result = json.loads(said) if said else {}


def netavark(command: str, number: int, programs: str) -> None:
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    network = {
        "name": "br0",
        "id": digest("br0"),
        "driver": "bridge",
        "network_interface": "br0",
        "subnets": [{"subnet": str(SUBNET), "gateway": str(SUBNET[1])}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
    }
    mapping = {"host_ip": "", "host_port": 10000 + number, "container_port": 80, "range": 1, "protocol": "tcp"}
    want = {
        "container_id": digest(f"e{number}"),
        "container_name": f"e{number}",
        "networks": {"br0": {"interface_name": "eth0", "static_ips": [str(SUBNET[number + 1])]}},
        "network_info": {"br0": network},
        "port_mappings": [mapping],
    }
    os.makedirs("/run/netavark", exist_ok=True)
    word = "setup" if command == "ADD" else "teardown"
    argv = [f"{programs}/netavark", "--config", "/run/netavark", word, f"/run/netns/e{number}"]
    _run(argv, want, NETAVARK_FW="iptables")


def main(engine: str, word: str, first: int, last: int, programs: str) -> None:
    call = {"cni": cni, "netavark": netavark}[engine]
    for number in range(first, last + 1):
        if word == "add":
            subprocess.run(["ip", "netns", "add", f"e{number}"], check=True)
            subprocess.run(["ip", "-n", f"e{number}", "link", "set", "lo", "up"], check=True)
            call("ADD", number, programs)
        else:
            call("DEL", number, programs)
            subprocess.run(["ip", "netns", "delete", f"e{number}"], check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
