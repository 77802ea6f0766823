# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/engines.md."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Sequence

from docs.make.pages import header
from tests.engines import packages
from tests.engines.columns import RELEASES
from tests.engines.reasons import NEW, OLD
from tests.engines.releases import NEWEST, PRESENT
from tests.engines.table import Run, Table, heading
from tests.lab.paths import REPOSITORY

#: The engines whose versions the page names. The older release's nft is not asked.
_NAMED = {
    OLD: (*packages.PACKAGES, "iptables"),
    NEW: (
        "docker.io", "containerd", "runc", "containernetworking-plugins", "netavark", "podman", "conmon", "crun",
        "busybox-static", "iptables", "nftables",
    ),
}  # fmt: skip
PAGE = REPOSITORY / "docs" / "engines.md"
_LICENCE = f"{header()}\n"
_HOW_TO_READ = """\
A cell that says `yes` also says the source address: of an answered question the one that the server saw, of a packet
that somebody wrote the one that it arrived with (none where it arrived at the host itself). `no` means that nothing
came, asked twice. Every question is asked with FORWARD's policy DROP and with ACCEPT; a cell says both where they
differ. tcp and udp are asked alike; where they differ, the cell says so. A cell that differs from the role's has the
number of its note. Where two versions answer differently, the cell has the answer of each.

The host is 192.0.2.1, 192.0.2.5 and 2001:db8::1; the neighbour on its segment is 192.0.2.9 and 2001:db8::9, and
routes everything through the host; the router is 192.0.2.254 and 2001:db8::fe, with 198.51.100.1 and 2001:db8:ff::1
of the world beyond. Behind the host are the networks 172.18.0.0/16 (`web` .2, `db` .3), 172.19.0.0/16 (`app` .2),
172.20.0.0/16 (internal, `in1` .2, `in2` .3), 172.21.0.0/16 (icc off, `t1` .2, `t2` .3) and 172.22.0.0/16 (routed,
`r1` .2, `r2` .3), with the gateway .1 each, and fd00:18::/64 and so on likewise; 172.23.0.0/16 (`old` .2) has no IPv6.
The host begins with the kernel's defaults, among them bridge-nf-call-iptables 1 (0 where it says so) and rp_filter 0.
"""


def page(table: Table) -> str:
    """The whole page. After this, the table knows its errors."""
    body = "\n".join(table.lines())
    return f"{_LICENCE}\n# The role beside Docker, CNI, netavark and Podman\n\n{_introduction(table.columns)}\n{body}\n"


def _introduction(columns: Sequence[Sequence[Run]]) -> str:
    hows: dict[tuple[str, str], list[Run]] = {}
    for run in (run for column in columns for run in column):
        hows.setdefault((run.name, run.how), []).append(run)
    how = "\n".join(f"- {heading(runs)}: {runs[0].how}" for runs in hows.values())
    old, new = (
        ", ".join(f"{package} {RELEASES[age].version(package)}" for package in _NAMED[age]) for age in (OLD, NEW)
    )
    kernel = platform.release().partition("-")[0]
    programs = (
        f"The programs are Debian's packages, of two releases; the versions are read from the packages. Of "
        f"{PRESENT.title}, unpacked and not installed: {old}. Of {NEWEST.title}, in a root file system of it: {new}. "
        f"The kernel is {kernel}. Podman, and netavark with nftables, are asked in the newer release alone."
    )
    return f"""\
This page is made by `python -m tests.engines --write`. It builds the same networks with each engine on a host of the
[lab](https://github.com/netplumb/netplumb.linuxnet/blob/main/tests/lab/README.md) and asks the same questions of each;
nothing here is written by hand but the questions and the reasons. The script fails where an engine's answer differs
from ours without a declared reason, and where a declared difference does not show.

{textwrap.fill(programs, 120)}

{how}

{_HOW_TO_READ}"""
