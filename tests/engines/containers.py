# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What complete engines need on a host of the lab: an image without a registry, and a runtime that ignores refusals."""

from __future__ import annotations

from pathlib import Path

from tests.engines import oci
from tests.engines.releases import Programs

#: The image's name, and the command that keeps its containers alive.
IMAGE = "idle"
COMMAND = (IMAGE, "/bin/busybox", "sleep", "1d")
#: A view of cgroups of version 2, whatever the machine has mounted. It is read-only, so requests to it are refused,
#: which runtimes accept from users that are not really root. It stays after the following command has ended.
_VIEW = "mount -t cgroup2 none /sys/fs/cgroup; mount -o remount,bind,ro /sys/fs/cgroup"
APART = ("unshare", "--cgroup", "sh", "-ec", f'{_VIEW}; exec "$@"', "sh")


def archive(programs: Programs, home: str) -> str:
    """The path of a file system with only busybox, to be imported as an image."""
    place = f"{home}/image"
    programs.host.sh(f"mkdir -p {place}/bin; chmod 755 {place}")
    programs.run(["cp", programs.program("busybox"), f"{place}/bin"])
    programs.host.sh(f"tar -C {place} -cf {place}.tar bin")
    return f"{place}.tar"


def runtime(programs: Programs, name: str, directory: str, *options: str) -> str:
    """The path of a program that runs an OCI runtime with what the lab allows.

    Python starts only for creating a container, so that it does not slow down anything else.
    """
    host = programs.host
    host.sh(f"mkdir -p {directory}")
    host.write(f"{directory}/oci.py", Path(oci.__file__).read_text(encoding="utf-8"))
    real = " ".join([programs.program(name), *options])
    fit = f'{programs.python} -I -S {directory}/oci.py "$@" || exit'
    programs.script(f"{directory}/{name}", f'case " $* " in *" create "*) {fit} ;; esac\nexec {real} "$@"\n')
    return f"{directory}/{name}"
