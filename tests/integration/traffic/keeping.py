# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves the rules of an attacked host while a test changes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.traffic.siege import Siege

PROGRAMS = ("iptables", "ip6tables")


@contextmanager
def put_back(siege: Siege) -> Iterator[None]:
    """Restore all rules afterwards, without the role."""
    saved = {program: siege.host.run([f"{program}-save"]).out for program in PROGRAMS}
    yield
    for program, text in saved.items():
        siege.host.run([f"{program}-restore"], stdin=text)
