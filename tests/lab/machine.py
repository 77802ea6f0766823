# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may need of the machine beyond namespaces, and how to find out whether the machine has it.

A test says `@pytest.mark.needs("vlan-filtering")`. It is skipped only if the probe finds that the machine lacks it; no
other skip is accepted in continuous integration.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.lab import Lab


@dataclass(frozen=True)
class Need:
    """sentence: the reason for a skip. present: the probe, which may return a better one."""

    sentence: str
    present: Callable[[], bool | str]


def _works(script: str) -> Callable[[], bool]:
    """A probe that runs a shell script on a lab host."""

    def probe() -> bool:
        with Lab() as lab:
            return lab.host("probe").run(["sh", "-ec", script], check=False).rc == 0

    return probe


def _has(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is not None


def _all(*probes: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: all(probe() for probe in probes)


def _fetched() -> bool:
    from tests.engines import packages  # which is built on the lab

    try:
        packages.fetch()
    except packages.Missing:
        return False
    return True


def _made() -> bool | str:
    from tests.engines import packages, releases  # which are built on the lab

    try:
        releases.NEWEST.provide()
    except packages.Missing as error:
        return str(error)
    return True


def _has_browser() -> bool | str:
    from tests.browser import chromium  # which is seldom needed

    try:
        chromium.command()
    except chromium.Missing as error:
        return str(error)
    return True


def _loads_xdp() -> bool:
    from tests.integration import xdp  # which is seldom needed

    return xdp.loads()


def _answers_for_calls() -> bool:
    from tests.sweep import notifier  # which is seldom needed

    with Lab() as lab:
        return bool(lab.host("probe").call(notifier.works))


NEEDS = {
    "vlan-filtering": Need(
        "the kernel has no VLAN filtering on bridges (CONFIG_BRIDGE_VLAN_FILTERING)",
        _works("ip link add br0 type bridge vlan_filtering 1"),
    ),
    "no-vlan-filtering": Need(
        "the kernel has VLAN filtering on bridges",
        _works("! ip link add br0 type bridge vlan_filtering 1"),
    ),
    "conntrack-file": Need(
        "the kernel shows no connections in /proc/net/nf_conntrack (CONFIG_NF_CONNTRACK_PROCFS)",
        _works("test -r /proc/net/nf_conntrack"),
    ),
    "bridge-nf": Need(
        "the kernel module br_netfilter is not loaded",
        _works("test -e /proc/sys/net/bridge/bridge-nf-call-iptables"),
    ),
    "physdev": Need(
        "the kernel has no physdev match for iptables",
        _works("iptables -A FORWARD -m physdev --physdev-is-bridged"),
    ),
    "iptables-legacy": Need(
        "there is no working iptables-legacy (program or kernel)",
        _works("iptables-legacy -t nat -S && ip6tables-legacy -t nat -S"),
    ),
    "sctp": Need("the kernel has no SCTP", _works("python3 -c 'import socket; socket.socket(2, 1, 132)'")),
    "dummy": Need("the kernel has no dummy interfaces", _works("ip link add d0 type dummy")),
    "macvlan": Need("the kernel has no macvlan interfaces", _works("ip link add link lo name m0 type macvlan")),
    "conntrack-tool": Need("the program conntrack is not installed", _has("conntrack")),
    "dbus": Need("the programs dbus-daemon and busctl are not installed", _all(_has("dbus-daemon"), _has("busctl"))),
    "docker": Need("Debian's package docker.io cannot be downloaded (apt-get download)", _fetched),
    "newest-engines": Need("the engines of Debian's testing release cannot be had", _made),
    "udev": Need("the program udevadm, which is systemd-udevd as well, is not installed", _has("udevadm")),
    "seccomp-notification": Need(
        "no process can answer for another's system calls (seccomp's user notification, Linux 5.5, x86_64 or aarch64)",
        _answers_for_calls,
    ),
    "xdp": Need("this user may not load programs for XDP (CAP_BPF)", _loads_xdp),
    "chromium": Need("there is no Chromium on this machine", _has_browser),
    "tcpdump": Need("the program tcpdump is not installed", _has("tcpdump")),
}


@functools.cache
def lacks(name: str) -> str:
    """Why this machine cannot meet a need, empty if it can. Raises KeyError for an unknown name."""
    need = NEEDS[name]
    found = need.present()
    return "" if found is True else found or need.sentence
