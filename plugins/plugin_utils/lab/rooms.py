# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Sets up the inside of a lab and of a host: mounts, kernel settings, hostname. Runs as their first process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux

# Every host has these to itself, empty at first. /dev/shm is needed for the semaphores of ansible-playbook.
PRIVATE = ("/run", "/tmp", "/var/tmp", "/dev/shm")
HOME = "/run/home"
TEMPORARY = "/tmp"

_INTERFACES = "/sys/devices/virtual/net"
_MACHINE_WIDE = ("/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi")

# A new network namespace copies IPv4 settings of the machine, so they are reset to the kernel's defaults.
_KERNEL_DEFAULTS = {"rp_filter": 0, "route_localnet": 0, "arp_ignore": 0, "arp_announce": 0, "accept_local": 0}


def furnish_lab() -> None:
    """Make the lab's own network namespace a switch that forwards frames, and neither uses nor filters IP."""
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    _mount_proc()
    socket.sethostname("lab")
    for switch in ("net/ipv6/conf/default/disable_ipv6", "net/ipv6/conf/all/disable_ipv6"):
        _write_sysctl(switch, 1)
    for family in ("iptables", "ip6tables", "arptables"):
        _write_sysctl(f"net/bridge/bridge-nf-call-{family}", 0)


def furnish_host(name: str, visible: list[str]) -> None:
    """Give a host a read-only view of the machine's files, with its own /etc, /run and /tmp.

    visible: paths (this repository, the Python in use) that stay readable even inside a private directory.
    """
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    kept = list(_open_hidden(visible))
    linux.make_read_only("/")
    for directory in PRIVATE:
        linux.mount("tmpfs", directory, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=0755")
    for directory in ("/tmp", "/var/tmp", "/dev/shm"):
        os.chmod(directory, 0o1777)
    for directory in ("/run/netns", "/run/lock", HOME):
        os.makedirs(directory)
    _put_back(kept)
    _copy_etc(name)
    _mount_proc()
    _mount_sys()
    socket.sethostname(name)
    linux.set_link_up("lo")
    _reset_kernel_defaults()


def _mount_proc() -> None:
    """Mount a /proc for this PID namespace in which only network settings are writable."""
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    machine_wide = [f"/proc/sys/{entry}" for entry in os.listdir("/proc/sys") if entry != "net"]
    for path in [*machine_wide, *_MACHINE_WIDE]:
        if os.path.exists(path):
            linux.bind_read_only(path)


def _mount_sys() -> None:
    """Mount a /sys for this network namespace in which only (virtual) interfaces are writable."""
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("sysfs", "/sys", "sysfs", flags)
    linux.mount(_INTERFACES, _INTERFACES, flags=linux.MS_BIND)
    linux.mount("none", "/sys", flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | flags)


def _open_hidden(visible: list[str]) -> Iterator[tuple[str, int]]:
    for path in visible:
        if any(path.startswith(directory + "/") for directory in PRIVATE):
            yield path, os.open(path, os.O_PATH)


def _put_back(kept: list[tuple[str, int]]) -> None:
    for path, descriptor in kept:
        os.makedirs(path, exist_ok=True)
        linux.mount(f"/proc/self/fd/{descriptor}", path, flags=linux.MS_BIND | linux.MS_REC)
        os.close(descriptor)


def _copy_etc(name: str) -> None:
    """Copy /etc, without files that the user cannot read. An overlay would refuse writes in a user namespace.

    A host has neither the machine's namespaces, nor what these have in /etc/netns, nor anybody to ask for names.
    """
    os.mkdir("/run/etc")
    linux.mount("tmpfs", "/run/etc", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=0755")
    subprocess.run(["cp", "-dR", "/etc/.", "/run/etc"], stderr=subprocess.DEVNULL, check=False)
    linux.mount("/run/etc", "/etc", flags=linux.MS_MOVE)
    os.rmdir("/run/etc")
    Path("/etc/hostname").write_text(f"{name}\n", encoding="ascii")
    shutil.rmtree("/etc/netns", ignore_errors=True)
    Path("/etc/resolv.conf").unlink(missing_ok=True)
    Path("/etc/resolv.conf").write_text("", encoding="ascii")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost {name}\n::1 localhost {name}\n", encoding="ascii")


def _reset_kernel_defaults() -> None:
    _write_sysctl("net/ipv4/ip_forward", 0)
    for scope in ("all", "default"):
        for key, value in _KERNEL_DEFAULTS.items():
            _write_sysctl(f"net/ipv4/conf/{scope}/{key}", value)


def _write_sysctl(key: str, value: int) -> None:
    path = Path("/proc/sys", key)
    if path.exists():
        path.write_text(str(value), encoding="ascii")
