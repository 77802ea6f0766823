# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of this repository, and of the directory in which Python and Ansible find it as a collection."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTIONS = REPOSITORY / ".ansible" / "collections"
COLLECTION = "netplumb.linuxnet"


def link_collection() -> None:
    """Make .ansible/collections/ansible_collections/netplumb/linuxnet a link to the work tree, so the code is live."""
    link = COLLECTIONS / "ansible_collections" / "netplumb" / "linuxnet"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        temporary = link.with_name(f".linuxnet.{os.getpid()}")
        temporary.symlink_to("../../../..")
        temporary.replace(link)
        importlib.invalidate_caches()  # this process may have looked there already


def import_collection() -> None:
    """Let this process import ``ansible_collections.netplumb.linuxnet``, as pytest's configuration does for tests."""
    link_collection()
    sys.path.insert(0, str(COLLECTIONS))


def needed_inside() -> list[str]:
    """Paths that a host must be able to read, wherever they are on the machine."""
    return sorted({str(REPOSITORY), sys.prefix, sys.base_prefix})
