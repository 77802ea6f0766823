# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The marks of owners: link aliases, link groups and the comments of rules.

All of them are outside of namespaces. A mark inside proves nothing, since root there can write any.
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
#: The upper byte of these link groups; groups set by hand usually have small numbers.
_GROUP_BASE = 0x6C << 24


class Mark(t.NamedTuple):
    """The content of a link's alias: its owner and the namespace it leads to (empty for a bridge)."""

    owner: str
    namespace: str


def alias(owner: str, namespace: str = "") -> str:
    """The ifalias of a link, ``linuxnet:OWNER:NAMESPACE``."""
    text = f"linuxnet:{owner}:{namespace}"
    if len(text.encode()) > ALIAS_LENGTH:
        raise Invalid(
            "peer_netns",
            namespace,
            f"with owner {owner} a namespace's name has at most {ALIAS_LENGTH - len(alias(owner))} bytes",
        )
    return text


# Each kind parses the alias of every link.
@functools.lru_cache(maxsize=16384)
def parse_alias(text: str | None) -> Mark | None:
    """The mark in an ifalias, or None."""
    found = _ALIAS.fullmatch(text or "")
    return Mark(found.group(1), found.group(2)) if found else None


def group(owner: str) -> int:
    """The link group of an owner, so that many links can be deleted with one message."""
    return _GROUP_BASE | int.from_bytes(hashlib.sha256(owner.encode()).digest()[:3], "big")


def link_owner(text: str | None, link_group: int, candidates: t.Iterable[str]) -> str | None:
    """The owner of a link by its alias, or by its group among ``candidates`` if the alias was edited by hand."""
    mark = parse_alias(text)
    if mark:
        return mark.owner
    return next((owner for owner in candidates if group(owner) == link_group), None)


def comment(kind: str, owner: str) -> str:
    """The comment of a rule, ``linuxnet-KIND-OWNER``; KIND consists of a to z."""
    return f"linuxnet-{kind}-{owner}"


def parse_comment(text: str | None) -> tuple[str, str] | None:
    """``(kind, owner)`` of a rule's comment, or None for a foreign one."""
    found = _COMMENT.fullmatch(text or "")
    return (found.group(1), found.group(2)) if found else None
