# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is specific to each machine: its name, keys and addresses, and where its apt looks for packages."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from tests.machines import packages, tools
from tests.machines.park import HOSTS, ROUTER, WORLD, Machine
from tests.machines.paths import KEY, KNOWN_HOSTS
from tests.machines.roots import USER


def make_key() -> None:
    """Create the SSH key of this run."""
    tools.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "machines", "-f", str(KEY)])
    KNOWN_HOSTS.touch()


def furnish(machine: Machine, root: Path) -> None:
    """Write the files of a machine before its first boot."""
    etc = root / "etc"
    _write(etc / "hostname", f"{machine.name}\n")
    _write(etc / "hosts", f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {machine.name}\n")
    _write(etc / "machine-id", f"{uuid.uuid4().hex}\n")
    _write(etc / "apt/sources.list", packages.SOURCE)
    _write(etc / "systemd/network/10-segment.network", _network(machine))
    if machine.is_router:
        world = _section("Match", Name="lo") + _section("Network", Address=WORLD)
        _write(etc / "systemd/network/20-world.network", world)
    _let_in(root, machine)


def _let_in(root: Path, machine: Machine) -> None:
    """Let the run's key into the user's account, and make the host's key known in advance."""
    host_key = root / "etc/ssh/ssh_host_ed25519_key"
    tools.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", machine.name, "-f", str(host_key)])
    public = " ".join(host_key.with_suffix(".pub").read_text(encoding="ascii").split()[:2])
    with KNOWN_HOSTS.open("a", encoding="ascii") as known:
        known.writelines(f"{address.partition('/')[0]} {public}\n" for address in machine.addresses)
    home = root / "home" / USER
    owner = home.stat()
    ssh = home / ".ssh"
    ssh.mkdir(mode=0o700)
    shutil.copy(KEY.with_suffix(".pub"), ssh / "authorized_keys")
    for path in (ssh, ssh / "authorized_keys"):
        os.chown(path, owner.st_uid, owner.st_gid)


def _network(machine: Machine) -> str:
    text = _section("Match", Name="host0")
    settings: dict[str, str | tuple[str, ...]] = {"Address": machine.addresses, "IPv6AcceptRA": "no"}
    if not machine.is_router:
        return text + _section("Network", **settings, Gateway=ROUTER)
    text += _section("Network", **settings)
    for host in HOSTS:
        text += _section("Route", Destination=host.endpoints, Gateway=host.addresses[0].partition("/")[0])
    return text


def _section(name: str, /, **settings: str | tuple[str, ...]) -> str:
    lines = [f"[{name}]"]
    for key, value in settings.items():
        lines += [f"{key}={one}" for one in ((value,) if isinstance(value, str) else value)]
    return "\n".join([*lines, "", ""])


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
