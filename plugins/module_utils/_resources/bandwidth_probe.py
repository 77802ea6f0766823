# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether the kernel has what limits need, tried in a new namespace."""

from __future__ import annotations

import errno
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Unchangeable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import link_changes, queueing, refusals
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits

_DEVICE, _LOOPBACK = "probe", "lo"
_LIMIT = limits.limit(1_000_000, None, 1500)
#: How the kernel refuses a kind of interface, discipline, filter or action that it does not know.
_UNKNOWN = (errno.ENOENT, errno.EOPNOTSUPP)

#: What is needed, and how it is tried.
Part = tuple[str, t.Callable[[t.Any], None]]


def _device(_route: t.Any) -> None:
    with Writer() as writer:
        link_changes.make(writer, "ifb", {"name": _DEVICE})


def _filter(route: t.Any) -> None:
    queueing.add_redirection(route, socket.if_nametoindex(_LOOPBACK), socket.if_nametoindex(_DEVICE))


_SENDING: tuple[Part, ...] = (
    (
        "the queueing discipline tbf (CONFIG_NET_SCH_TBF)",
        lambda route: queueing.put_limit(route, socket.if_nametoindex(_LOOPBACK), _LIMIT),
    ),
)
PARTS: dict[str, tuple[Part, ...]] = {
    "ingress": _SENDING,
    "egress": (
        *_SENDING,
        ("ifb devices (CONFIG_IFB)", _device),
        (
            "the queueing discipline ingress (CONFIG_NET_SCH_INGRESS)",
            lambda route: queueing.add_ingress(route, socket.if_nametoindex(_LOOPBACK)),
        ),
        ("the filter u32 (CONFIG_NET_CLS_U32) with the action mirred (CONFIG_NET_ACT_MIRRED)", _filter),
    ),
}


def refuse(host: Host, prefix: str, directions: t.Iterable[str]) -> None:
    """Refuse rates that this kernel cannot keep.

    :param prefix: the path of the options in the message
    """
    for word in directions:
        lacking = _lacking(host, word)
        if lacking:
            raise Unchangeable(f"{prefix}{word}_rate: this kernel lacks {lacking}")


def _lacking(host: Host, word: str) -> str | None:
    place = (__name__, word)
    if place not in host.memory:
        with host.trying("find out whether this kernel can limit rates"):
            host.memory[place] = host.fresh(lambda: _tried(host.socket(), PARTS[word]))
    found: str | None = host.memory[place]
    return found


def _tried(route: t.Any, parts: t.Iterable[Part]) -> str | None:
    """The first part that is lacking."""
    for name, attempt in parts:
        try:
            attempt(route)
        except refusals.refusals() as error:
            if refusals.number(error) not in _UNKNOWN:
                raise
            return name
    return None
