# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A lab that outlives the task that created it. `up` starts it from a description, `down` ends it.

Its directory then contains description.json; HOST.pid with the PID of each host's first process; and `keeper` with the
PID of the process that holds the lab.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import core, members

#: {"segments": {NAME: {"mtu": 1500}}, "hosts": {NAME: [interface, ...]}, "visible": [PATH, ...]}; an interface has
#: name, segment, addresses, gateways and mac_address.
Description = dict[str, Any]

_DESCRIPTION = "description.json"
_KEEPER = "keeper"


def directory(given: str | None) -> str:
    """The directory of a lab, by default Molecule's; raises LabError."""
    if given:
        return os.path.abspath(given)
    molecule = os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY")
    if not molecule:
        raise members.LabError("directory (lab_directory): the directory of the lab is required outside of Molecule")
    return os.path.join(molecule, "lab")


def up(directory: Path, description: Description) -> None:
    """Start a lab in a process of its own. Returns when it is ready; raises LabError."""
    down(directory)
    directory.mkdir(parents=True, mode=0o700)
    (directory / _DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")
    log = directory / "log"
    ready, done = os.pipe()
    with log.open("w", encoding="utf-8") as output:
        subprocess.Popen(
            [*members.program("standing"), str(directory), str(done), str(_molecule() or "")],
            pass_fds=[done],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    os.close(done)
    with os.fdopen(ready, "rb") as pipe:
        stands = pipe.read(1)
    if not stands:
        told = log.read_text(encoding="utf-8").strip()
        shutil.rmtree(directory, ignore_errors=True)
        raise members.LabError(told or "the lab ended before it was ready")


def stands(directory: Path) -> Description | None:
    """The description of the lab in a directory; None if it is not running."""
    if _keeper(directory) is None:
        return None
    description: Description = json.loads((directory / _DESCRIPTION).read_text(encoding="utf-8"))
    return description


def down(directory: Path) -> None:
    """End the lab if it is running, and remove its directory."""
    if keeper := _keeper(directory):
        os.kill(keeper, signal.SIGTERM)
        while _keeper(directory):
            time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


def pid(directory: Path, host: str) -> int:
    """The PID of a host's first process; raises LabError if there is none."""
    try:
        found = int((directory / f"{host}.pid").read_text(encoding="ascii"))
    except FileNotFoundError:
        raise members.LabError(
            f"{directory} tells of no host {host}; make it with netplumb.linuxnet.lab_create"
        ) from None
    if _keeper(directory) is None:
        raise members.LabError(f"the lab of {directory} has ended; make it anew with netplumb.linuxnet.lab_create")
    return found


def _keeper(directory: Path) -> int | None:
    """The process that holds a directory's lab. After a crash, the PID in the file may belong to another process."""
    try:
        keeper = int((directory / _KEEPER).read_text(encoding="ascii"))
        words = Path(f"/proc/{keeper}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return keeper if str(directory).encode() in words else None


def _molecule() -> int | None:
    """The PID of the `molecule test` that this runs under, and whose hosts end with it, however it ends."""
    process = os.getpid()
    while process > 1:
        words = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        if "test" in words and "molecule" in map(os.path.basename, words[: words.index("test")]):
            return None if "--destroy=never" in words or "never" in words else process
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        process = int(status.rpartition(")")[2].split()[1])
    return None


def main() -> None:
    """The process that holds a lab. Arguments: DIRECTORY, a pipe for reporting that it is ready, a PID to end with."""
    directory, done, molecule = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.set_inheritable(done, False)
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit())
    description = json.loads((directory / _DESCRIPTION).read_text(encoding="utf-8"))
    try:
        lab = core.Lab(description["visible"])
    except (members.LabError, OSError) as error:
        sys.exit(str(error))
    try:
        _build(lab, directory, description)
        (directory / _KEEPER).write_text(str(os.getpid()), encoding="ascii")
        os.write(done, b"x")
        os.close(done)
        _wait(int(molecule) if molecule else None)
        shutil.rmtree(directory, ignore_errors=True)
    except members.LabError as error:
        sys.exit(str(error))
    finally:
        lab.close()


def _build(lab: core.Lab, directory: Path, description: Description) -> None:
    segments = {name: lab.segment(name, **values) for name, values in description["segments"].items()}
    for name, interfaces in description["hosts"].items():
        host = members.Member(lab.start(name))
        (directory / f"{name}.pid").write_text(str(host.pid), encoding="ascii")
        for one in interfaces:
            if one.get("segment"):
                place = segments[one["segment"]]
                place.join(host, one["name"], one["addresses"], one["gateways"], one.get("mac_address") or "")
            else:
                host.batch("".join(f"address add {address} dev {one['name']}\n" for address in one["addresses"]))


def _wait(process: int | None) -> None:
    """Return when a process has ended; without one, never."""
    if process is None:
        while True:
            signal.pause()
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    select.select([descriptor], [], [])
