# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a host would have without networks that check mode would remove. Pure."""

from __future__ import annotations

import typing as t

View = t.Mapping[str, t.Any]


def without(seen: View, owners: t.Collection[str]) -> dict[str, t.Any]:
    """The view of a host without the objects of these owners."""
    host = seen["host"]
    gone = {one["name"] for one in host["interfaces"] if one["owner"] in owners}
    by_owner = {
        word: {owner: value for owner, value in host[word].items() if owner not in owners}
        for word in ("persistent", "unmanaged_links", "names", "published")
        if word in host
    }
    return {
        **seen,
        "host": {
            **host,
            **by_owner,
            "interfaces": [
                {**one, "bridge": None if one["bridge"] in gone else one["bridge"]}
                for one in host["interfaces"]
                if one["name"] not in gone
            ],
            "routes": _elsewhere(host["routes"], gone),
            "neighbours": _elsewhere(host["neighbours"], gone),
            "rules": [rule for rule in host["rules"] if rule["owner"] not in owners],
        },
        "namespaces": list(_namespaces(seen["namespaces"], owners, gone)),
    }


def _elsewhere(rows: t.Iterable[View], gone: t.Container[str]) -> list[View]:
    return [row for row in rows if row["interface"] not in gone]


def _namespaces(
    namespaces: t.Iterable[View], owners: t.Collection[str], ends: t.Container[str]
) -> t.Iterator[dict[str, t.Any]]:
    """The remaining namespaces: attached ones, and those with another owner or none."""
    for one in namespaces:
        left = [owner for owner in one["owners"] if owner not in owners]
        if one["owners"] and not left and not one["attached"]:
            continue
        lost = {
            interface["name"]
            for interface in one["interfaces"]
            if interface["peer"] and interface["peer"]["netns"] is None and interface["peer"]["name"] in ends
        }
        yield {
            **one,
            "owners": left,
            "leases": {owner: leased for owner, leased in one["leases"].items() if owner not in owners},
            "interfaces": [interface for interface in one["interfaces"] if interface["name"] not in lost],
            "routes": _elsewhere(one["routes"], lost),
            "neighbours": _elsewhere(one["neighbours"], lost),
        }
