# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with an ordinary user's Podman. Hosts of the lab have only one user ID, so real root creates this one.

``python -m tests.engines.rootless ROOT`` is its first process. It sets up two mount namespaces that share /run: this
machine's files, as on a host of the lab, and a release's root file system with the user. A chroot would not do: the
kernel does not let a process in a chroot create a user namespace, as rootless containers do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux, rooms
from tests.engines.releases import Root
from tests.lab.errors import LabError
from tests.lab.paths import REPOSITORY, needed_inside
from tests.lab.place import Place

USER = "operator1"
_NUMBER = 1000
_HOME = f"/run/user/{_NUMBER}"
_INNER = "/run/inner"
_APART = (
    "setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork",
    "--kill-child",
)  # fmt: skip
_READY = "ready\n"
#: $1: the root file system, which stays unchanged; $2: where it temporarily sees the other one.
_FURNISH = f"""
mount -t tmpfs none /boot
mkdir /boot/upper /boot/work /boot/root
mount -t overlay -o "lowerdir=$1,upperdir=/boot/upper,workdir=/boot/work" inner /boot/root
cd /boot/root
for directory in run dev; do mount --rbind /$directory $directory; done
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 none sys/fs/cgroup
mount -o remount,bind,ro sys/fs/cgroup
mount -t tmpfs -o mode=1777 none tmp
pivot_root . mnt
umount -l /mnt
cd /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
useradd --create-home --uid {_NUMBER} {USER}
install -d -o {USER} {_HOME}
mkdir -p /tmp/image/bin
cp /usr/bin/busybox /tmp/image/bin
tar -C /tmp/image -cf /tmp/image.tar bin
"""
_PODMAN = ("podman", "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file")


class Rootless:
    """The host, and an ordinary user's Podman on it."""

    def __init__(self, pid: int) -> None:
        """pid: the host's first process. Everything but calling functions inside works as in the lab."""
        self.place = Place(pid)
        self._pid = pid
        self.podman("import", "/tmp/image.tar", "idle")

    def inside(self, netns: str) -> Place:
        """The place in a named network namespace."""
        return Place(self._pid, netns)

    def podman(self, *words: str) -> str:
        """The output of the user's ``podman`` with these words."""
        inner = self.place.run(["cat", _INNER]).out.strip()
        user = ["setpriv", f"--reuid={_NUMBER}", f"--regid={_NUMBER}", "--clear-groups"]
        places = ["env", "--chdir=/tmp", "PATH=/usr/sbin:/usr/bin", f"HOME=/home/{USER}", f"XDG_RUNTIME_DIR={_HOME}"]
        enter = ["nsenter", f"--target={inner}", "--mount", "--", *user, *places]
        return self.place.run([*enter, *_PODMAN, *words]).out.strip()

    def start_apart(self, name: str) -> int:
        """Start a container on no network. Returns the PID of its first process."""
        idle = ("idle", "/bin/busybox", "sleep", "1d")
        self.podman("run", "--detach", "--cgroups=disabled", f"--name={name}", "--network=none", *idle)
        return int(self.podman("inspect", "--format={{.State.Pid}}", name))


@contextlib.contextmanager
def rootless(release: Root) -> Iterator[Rootless]:
    """Everything ends with the with statement."""
    command = [*_APART, sys.executable, "-m", "tests.engines.rootless", str(release.root)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != _READY:
                raise LabError("the host could not be made, see above")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
            yield Rootless(int(children))
        finally:
            process.kill()


def main(root: str) -> None:
    rooms.furnish_host("host", needed_inside())
    subprocess.run(["mount", "--make-rshared", "/run"], check=True)
    inner = os.fork()
    if inner == 0:
        linux.unshare(linux.CLONE_NEWNS)
        os.execvp("sh", ["sh", "-ec", f"{_FURNISH}\necho $$ >{_INNER}\nexec sleep infinity", "sh", root])
    while not os.path.exists(_INNER):
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
        if os.waitpid(inner, os.WNOHANG)[0]:
            sys.exit("the other mount namespace could not be furnished")
    sys.stdout.write(_READY)
    sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
