# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The files of persistent networks, and systemd."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pathlib
import re
import site
import sys
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, KernelRefused, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import network_of_unit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import programs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document

DIRECTORY = pathlib.Path(network_document.DIRECTORY)
PROGRAM = DIRECTORY / "network.pyz"
_UNITS = pathlib.Path("/etc/systemd/system")
_RUNNING = pathlib.Path("/run/systemd/system")
_PYTHON = "/usr/bin/python3"
_LEAST = (3, 9)
_LIBRARY = "pyroute2"
#: Paths that need no quoting in unit files and shebang lines.
_PLAIN = re.compile(r"/[A-Za-z0-9._+/-]+")


def definitions(network: str) -> pathlib.Path:
    """The file with a network's definitions."""
    return DIRECTORY / f"{network}.json"


def unit_file(name: str) -> pathlib.Path:
    return _UNITS / name


def enabling_links(name: str, others: t.Iterable[str]) -> list[pathlib.Path]:
    """The symbolic links of an enabled unit, as ``systemctl enable`` creates them."""
    return [_UNITS / f"{other}.wants" / name for other in others]


def read(path: pathlib.Path) -> bytes | None:
    """The content of a file, None if it does not exist."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def networks() -> list[str]:
    """The networks with any such file, sorted."""
    found = {path.stem for path in DIRECTORY.glob("*.json")}
    found.update(network_of_unit(path.stem) for path in _UNITS.glob("linuxnet-*.service"))
    return sorted(found)


def leases(network: str) -> network_document.Leases:
    """The addresses of endpoints in a network's file; empty if it cannot be read."""
    written = read(definitions(network))
    try:
        found = network_document.parse((written or b"").decode("utf-8", "surrogateescape"), "", {})
        return network_document.leases(found)
    except (Invalid, AttributeError, KeyError, TypeError):
        return {}


def firewalls() -> set[str]:
    """The firewalls that the networks' files name, and ``auto``; files that cannot be read name none."""
    found: set[str] = set()
    for path in DIRECTORY.glob("*.json"):
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            modules = json.loads(read(path) or b"")["modules"]
            found.update(str(one.get("firewall", "auto")) for one in modules["bridge_forward"])
    return found


def enabled(name: str, others: t.Iterable[str]) -> bool:
    """Whether the unit is enabled."""
    target = str(unit_file(name))
    return all(link.is_symlink() and os.readlink(link) == target for link in enabling_links(name, others))


def enable(name: str, others: t.Iterable[str]) -> None:
    """Enable the unit."""
    for link in enabling_links(name, others):
        link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(unit_file(name))


def remove(path: pathlib.Path) -> None:
    """Remove a file if it exists, and its directory if that belongs to this collection and is empty."""
    path.unlink(missing_ok=True)
    if path.parent == DIRECTORY or path.parent.suffix == ".wants":
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def interpreter() -> str:
    """The Python to run at boot: the distribution's own if it has pyroute2, else the current one."""
    if sys.executable == _PYTHON and sys.prefix == sys.base_prefix and _is_packaged():
        return _PYTHON
    for path in (_PYTHON, sys.executable):
        if _PLAIN.fullmatch(path) and _serves(path):
            return path
    raise Refused(
        f"persistent: neither {_PYTHON} nor {sys.executable} is a Python {_LEAST[0]}.{_LEAST[1]} or newer that has"
        f" {_LIBRARY}, which is needed at boot; install it for one of them"
    )


def _is_packaged() -> bool:
    """Whether pyroute2 is where this Python finds it without help from the environment."""
    spec = importlib.util.find_spec(_LIBRARY)
    return spec is not None and str(spec.origin).startswith(tuple(f"{place}/" for place in site.getsitepackages()))


def _serves(path: str) -> bool:
    script = (
        "import importlib.util, sys;"
        f" sys.exit(sys.version_info < {_LEAST} or importlib.util.find_spec({_LIBRARY!r}) is None)"
    )
    try:
        return programs.run([path, "-I", "-c", script]).rc == 0
    except OSError:
        return False


def systemd_runs() -> bool:
    """Whether this host was started by systemd."""
    return _RUNNING.is_dir()


def shown(host: Host, name: str) -> dict[str, str]:
    """The properties of a unit."""
    told = systemctl(host, "show", "--property=ActiveState,NeedDaemonReload", name)
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)


def systemctl(host: Host, *words: str) -> str:
    """Run systemctl and return its output. Raises KernelRefused if it fails."""
    done = host.command(None, ["systemctl", *words])
    if done.rc:
        raise KernelRefused(f"systemctl {' '.join(words)} failed: {' '.join(done.err.split())}")
    return done.out
