# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Persistent settings: files in /etc/sysctl.d, each with its owner in the first line."""

from __future__ import annotations

import pathlib

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files

DIRECTORY = pathlib.Path("/etc/sysctl.d")


def read(name: str) -> str | None:
    """The text of a file there, None if it does not exist."""
    try:
        return (DIRECTORY / name).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None


def write(name: str, text: str) -> None:
    """Write a file there."""
    atomic_files.write(f"{DIRECTORY}/{name}", text.encode("utf-8", "surrogateescape"), 0o644)


def remove(name: str) -> None:
    """Remove a file if it exists."""
    (DIRECTORY / name).unlink(missing_ok=True)
