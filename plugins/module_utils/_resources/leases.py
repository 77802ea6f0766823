# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ends the connections of addresses that become free for other endpoints."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    family_of,
    parse_interface,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.namespace_records import Record
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import with_address


def of(record: Record | None, owner: str) -> list[str]:
    """The recorded addresses of an owner in a namespace."""
    given = record.addresses.get(owner, {}) if record else {}
    return [address for addresses in given.values() for address in addresses]


def end_flows(host: Host, given: t.Collection[str]) -> None:
    """End the host's connections of these addresses, so that whoever gets them next does not inherit them."""
    freed = [parse_interface(text) for text in given]
    for family in FAMILIES:
        mine = {one.ip for one in freed if family_of(one) == family}
        if mine:
            Session(host).execute([EndFlows(None, family, (with_address(mine),))])
