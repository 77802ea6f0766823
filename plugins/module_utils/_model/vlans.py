# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The VLANs of a bridge port."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value


class Vlans(Value):
    """The tagged VLANs, and the VLAN of untagged packets."""

    tagged: frozenset[int] = frozenset()
    pvid: int | None = None


def number(option: str, value: t.Any) -> int:
    """A validated VLAN number."""
    if not 1 <= value <= 4094:
        raise Invalid(option, value, "a VLAN's number, 1 to 4094")
    return int(value)
