# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who builds the network, and the command for each stage of its life.

The network: the endpoints e1 to eN on the bridge br0, 172.18.0.0/16 from .0.2 on, host port 10000 + n leading to port
80 of endpoint n; `lo` up, default route, masquerading, forwarding. IPv4 only, which all of them support.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.engines import packages
from tests.engines.docker import Daemon
from tests.integration.role_plays import ROLE
from tests.lab.host import Host
from tests.lab.paths import REPOSITORY

HERE = REPOSITORY / "benchmarks/scale"
#: In order: build; run again without a change; add an endpoint; move the first one's host port; remove everything.
STAGES = ("build", "again", "add", "move", "remove")
#: Comes before them, if a rival has it, and is not measured.
PREPARE = "prepare"
_WITHOUT_IPV6 = (
    "It switches IPv6 off in the endpoints, as Docker does; floor and expert do not, and a thousand endpoints that tell"
    " each other of their link-local addresses keep the kernel busy"
)
_SPECIFICATION = REPOSITORY / "roles/bridge_network/meta/argument_specs.yml"
_PLAY, _VARIABLES = "/tmp/play.json", "/tmp/variables.json"


Command = Callable[[Host, str, int], list[str] | None]


@contextlib.contextmanager
def _nothing(_host: Host) -> Iterator[dict[str, str]]:
    yield {}


@dataclass(frozen=True)
class Rival:
    """command: the argv for a stage at a size, after any files it needs have been written; None if it has none.

    standing: what runs on the host before and between the stages, with the environment in which commands find it.
    """

    name: str
    how: str
    command: Command
    standing: Callable[[Host], contextlib.AbstractContextManager[dict[str, str]]] = _nothing


def _program(*words: str, stages: tuple[str, ...]) -> Command:
    def command(_host: Host, stage: str, count: int) -> list[str] | None:
        return [*words, stage, str(count)] if stage in stages else None

    return command


def _address(number: int) -> str:
    return f"172.18.{(number + 1) // 256}.{(number + 1) % 256}"


def _playbook(host: Host, play: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    host.write(_PLAY, json.dumps([{"hosts": "all", "gather_facts": False, **play}]))
    host.write(_VARIABLES, json.dumps(variables))
    return ["ansible-playbook", "-i", "localhost,", "-c", "local", _PLAY, "--extra-vars", f"@{_VARIABLES}"]


def _role(host: Host, stage: str, count: int) -> list[str] | None:
    return _playbook(host, {"roles": [ROLE]}, _variables(stage, count)) if stage in STAGES else None


def _alone(host: Host, stage: str, count: int) -> list[str] | None:
    return _playbook(host, {"tasks": tasks_of_ansible_alone()}, _variables(stage, count)) if stage == "again" else None


def tasks_of_ansible_alone() -> list[dict[str, Any]]:
    """The check of the role's variables, and a module that does nothing."""
    options = yaml.safe_load(_SPECIFICATION.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return [{"ansible.builtin.validate_argument_spec": {"argument_spec": options}}, {"ansible.builtin.ping": {}}]


def _variables(stage: str, count: int) -> dict[str, Any]:
    """The role's, for a stage at a size."""
    present = {
        "ipam_config": [{"subnet": "172.18.0.0/16"}],
        "endpoints": [
            {
                "namespace": f"e{number}",
                "host_interface": f"v{number}",
                "ipv4_address": _address(number),
                "published_ports": [f"{9999 if (stage, number) == ('move', 1) else 10000 + number}:80"],
            }
            for number in range(1, count + 1 + (stage in ("add", "move")))
        ],
    }
    want = {"state": "absent"} if stage == "remove" else present
    return {f"bridge_network_{name}": value for name, value in {"name": "br0", **want}.items()}


def _plain(host: Host, stage: str, count: int) -> list[str] | None:
    """What Ansible's own collections offer: a command per endpoint and step, a rule per task."""
    spans = {"build": (1, count), "add": (count + 1, count + 1), "move": (1, 1), "remove": (1, count + 1)}
    if stage not in spans:
        return None
    numbers = range(spans[stage][0], spans[stage][1] + 1)
    endpoints = [{"name": f"e{n}", "end": f"v{n}", "address": _address(n), "port": str(10000 + n)} for n in numbers]
    tasks: list[dict[str, Any]] = []
    if stage == "build":
        tasks += [_command(*words) for words in _BRIDGE]
        tasks += [{"ansible.builtin.iptables": rule} for rule in _CONSTANT]
    if stage in ("build", "add"):
        tasks += [{**_command(*words), "loop": "{{ endpoints }}"} for words in _ENDPOINT]
        tasks.append({"ansible.builtin.iptables": _port("{{ item.port }}"), "loop": "{{ endpoints }}"})
    if stage == "move":
        tasks.append({"ansible.builtin.iptables": {**_port("10001"), "state": "absent"}, "loop": "{{ endpoints }}"})
        tasks.append({"ansible.builtin.iptables": _port("9999"), "loop": "{{ endpoints }}"})
    if stage == "remove":
        tasks.append({**_command("ip", "netns", "delete", "{{ item.name }}"), "loop": "{{ endpoints }}"})
        tasks.append(_command("ip", "link", "delete", "br0"))
        tasks += [{"ansible.builtin.iptables": {"table": table, "flush": True}} for table in ("nat", "filter")]
    return _playbook(host, {"tasks": tasks}, {"endpoints": endpoints})


def _command(*argv: str) -> dict[str, Any]:
    return {"ansible.builtin.command": {"argv": list(argv)}}


def _port(number: str) -> dict[str, Any]:
    return {
        "table": "nat",
        "chain": "PREROUTING",
        "protocol": "tcp",
        "destination_port": number,
        "jump": "DNAT",
        "to_destination": "{{ item.address }}:80",
    }


_BRIDGE = (
    ("ip", "link", "add", "br0", "type", "bridge"),
    ("ip", "address", "add", "172.18.0.1/16", "dev", "br0"),
    ("ip", "link", "set", "br0", "up"),
    ("sysctl", "-w", "net.ipv4.ip_forward=1"),
)
_ENDPOINT = (
    ("ip", "netns", "add", "{{ item.name }}"),
    *(
        ("ip", *words)
        for words in (
            ("link", "add", "{{ item.end }}", "type", "veth", "peer", "name", "eth0", "netns", "{{ item.name }}"),
            ("link", "set", "{{ item.end }}", "master", "br0", "up"),
            ("-n", "{{ item.name }}", "link", "set", "lo", "up"),
            ("-n", "{{ item.name }}", "link", "set", "eth0", "up"),
            ("-n", "{{ item.name }}", "address", "add", "{{ item.address }}/16", "dev", "eth0"),
            ("-n", "{{ item.name }}", "route", "add", "default", "via", "172.18.0.1"),
        )
    ),
)
_CONSTANT: tuple[dict[str, Any], ...] = (
    {"table": "nat", "chain": "POSTROUTING", "source": "172.18.0.0/16", "out_interface": "!br0", "jump": "MASQUERADE"},
    {"chain": "FORWARD", "out_interface": "br0", "ctstate": ["RELATED", "ESTABLISHED", "DNAT"], "jump": "ACCEPT"},
    {"chain": "FORWARD", "out_interface": "br0", "jump": "DROP"},
    {"chain": "FORWARD", "in_interface": "br0", "jump": "ACCEPT"},
)


def _engine(name: str, directory: str) -> Command:
    def command(_host: Host, stage: str, count: int) -> list[str] | None:
        numbers = {"build": (1, count), "add": (count + 1, count + 1), "remove": (1, count + 1)}.get(stage)
        if numbers is None:
            return None
        word = "remove" if stage == "remove" else "add"
        programs = str(packages.ROOT / directory)
        return [sys.executable, str(HERE / "engines.py"), name, word, *map(str, numbers), programs]

    return command


@contextlib.contextmanager
def _docker(host: Host) -> Iterator[dict[str, str]]:
    """A daemon with its image, as it comes but for what a single user ID forbids."""
    daemon = Daemon(host, (), starter=(sys.executable, "-I", "-S", str(HERE / "reaper.py")))
    try:
        yield daemon.environment
    finally:
        daemon.stop()


_BY_HAND = ("build", "add", "move", "remove")
RIVALS = {
    rival.name: rival
    for rival in (
        Rival(
            "floor",
            "a netlink program that asks nothing and checks nothing (`floor.py`)",
            _program(sys.executable, str(HERE / "floor.py"), stages=_BY_HAND),
        ),
        Rival(
            "expert",
            "a shell script with `ip -batch` and `iptables-restore` (`expert.sh`)",
            _program("sh", str(HERE / "expert.sh"), stages=_BY_HAND),
        ),
        Rival("role", f"`ansible-playbook` with the role `bridge_network`. {_WITHOUT_IPV6}", _role),
        Rival(
            "Ansible alone",
            "`ansible-playbook` with the role's variables, their check against its argument specification, and one "
            "module that does nothing (`ansible.builtin.ping`), which is what Ansible takes without a network",
            _alone,
        ),
        Rival("plain Ansible", "`ansible.builtin.command` and `ansible.builtin.iptables` in loops", _plain),
        Rival("CNI", "the plugins bridge, portmap and firewall, driven directly", _engine("cni", "usr/lib/cni")),
        Rival("netavark", "`netavark setup`, driven directly", _engine("netavark", "usr/lib/podman")),
        Rival(
            "docker run",
            "`docker run --publish` for each container, of an image with a static busybox alone, one after the other; "
            "the daemon runs and has the image. Includes what a container is beside its network, but for cgroups, "
            "which the lab has none of, and as Docker comes a proxy per port and family. A port is moved by another "
            "container in place of the old one (`docker.sh`)",
            _program("sh", str(HERE / "docker.sh"), "run", stages=_BY_HAND),
            _docker,
        ),
        Rival(
            "docker connect",
            "`docker network connect` for each container that runs already, without a network. Includes no ports, "
            "which Docker publishes for new containers only, and so no rule per endpoint, and no namespaces, which the "
            "containers have before (`docker.sh`)",
            _program("sh", str(HERE / "docker.sh"), "connect", stages=(PREPARE, "build", "add", "remove")),
            _docker,
        ),
    )
}
