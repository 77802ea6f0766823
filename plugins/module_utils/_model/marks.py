# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The marks that tell what is ours: link aliases, link groups and the comments of rules.

All of them sit on the host's side. A mark inside a namespace proves nothing, since its root can write any.
"""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import OWNER

_ALIAS = re.compile(rf"linuxnet:({OWNER}):(.*)", re.DOTALL)
_COMMENT = re.compile(rf"linuxnet-([a-z]+)-({OWNER})")
#: IFALIASZ without the closing NUL.
ALIAS_LENGTH = 255
#: The upper byte of our link groups; people who number groups by hand use small numbers.
_GROUP_BASE = 0x6C << 24


class Mark(t.NamedTuple):
    """What a link's alias says: whose it is and which namespace it leads to (empty for a bridge)."""

    owner: str
    namespace: str


def alias(owner: str, namespace: str = "") -> str:
    """The ifalias of a link of ours, ``linuxnet:OWNER:NAMESPACE``."""
    text = f"linuxnet:{owner}:{namespace}"
    if len(text.encode()) > ALIAS_LENGTH:
        raise Invalid(
            "peer_netns",
            namespace,
            f"with owner {owner} a namespace's name has at most {ALIAS_LENGTH - len(alias(owner))} bytes",
        )
    return text


# Asked of each link by each kind of objects.
@functools.lru_cache(maxsize=16384)
def parse_alias(text: str | None) -> Mark | None:
    """The mark in an ifalias, or None where there is none of ours."""
    found = _ALIAS.fullmatch(text or "")
    return Mark(found.group(1), found.group(2)) if found else None


def group(owner: str) -> int:
    """The link group of an owner's links, so that many are deleted by one message."""
    return _GROUP_BASE | int.from_bytes(hashlib.sha256(owner.encode()).digest()[:3], "big")


def link_owner(text: str | None, link_group: int, candidates: t.Iterable[str]) -> str | None:
    """Whose a link is by its alias, else (the alias was edited by hand) by its group among ``candidates``."""
    mark = parse_alias(text)
    if mark:
        return mark.owner
    return next((owner for owner in candidates if group(owner) == link_group), None)


def comment(kind: str, owner: str) -> str:
    """The comment of a rule of ours, ``linuxnet-KIND-OWNER``; KIND is made of a to z."""
    return f"linuxnet-{kind}-{owner}"


def parse_comment(text: str | None) -> tuple[str, str] | None:
    """``(kind, owner)`` of a rule's comment, or None where it is not ours."""
    found = _COMMENT.fullmatch(text or "")
    return (found.group(1), found.group(2)) if found else None
