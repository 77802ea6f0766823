# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths below build/: what is kept between runs, and what belongs to the running machines."""

from __future__ import annotations

from tests.lab.paths import REPOSITORY

_MACHINES = REPOSITORY / "build" / "machines"
#: The root file system of each release, and the packages that its machines can install.
ROOTS = _MACHINES / "roots"
PACKAGES = _MACHINES / "packages"
#: The keeper's PID, the key of the run, and the console output of each machine.
STANDING = _MACHINES / "standing"
KEEPER = STANDING / "keeper"
KEY = STANDING / "key"
KNOWN_HOSTS = STANDING / "known_hosts"
#: Only visible to the keeper: the root file systems of the machines, in memory.
LIVE = STANDING / "live"
