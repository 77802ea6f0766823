# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads queueing disciplines and filters, and sets limits with pyroute2. Called inside ``Host.run``.

What an interface sends is limited where it is sent. What it receives has no queue: a filter redirects it to an ifb
device, which sends it to itself, limited, and then passes it on as if it came from the interface.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    attributes,
    each_attribute,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import MARK, Limit

_GETQDISC, _GETTFILTER = 38, 46
_TCMSG = struct.Struct("=BxxxiIII")
_ROOT, _INGRESS, _INGRESS_HANDLE = 0xFFFFFFFF, 0xFFFFFFF1, 0xFFFF0000
_KIND, _OPTIONS = 1, 2
_TBF_PARMS = 1
#: The rate and the peak rate, each with cell_log, linklayer, overhead, cell_align, mpu and rate; limit, buffer, mtu.
_TBF = struct.Struct("=BBHhHIBBHhHIIII")
_TICK_NANOSECONDS = 64
_U32_SELECTOR, _U32_ACTION = 5, 7
_SELECTOR = struct.Struct("=BBBxHHhhI")
_KEY = struct.Struct("=IIii")
_ACTION_OPTIONS, _MIRRED_PARMS = 2, 2
#: Index, capabilities, action, references, bindings; what to do, and with which interface.
_MIRRED = struct.Struct("=IIiiiiI")
_EGRESS_REDIRECT = 1
_EVERY_PROTOCOL = 3  # ETH_P_ALL
_HANDLE = MARK << 16
#: Our filter, which everything matches. pyroute2 needs a class, even of a filter that is deleted.
_FILTER: t.Final[t.Mapping[str, t.Any]] = {
    "parent": _INGRESS_HANDLE,
    "prio": MARK,
    "protocol": _EVERY_PROTOCOL,
    "target": 0x10001,
    "keys": ["0x0/0x0+0"],
}


class Queueing(Value):
    """The disciplines of an interface.

    ``root`` is the kind of the one for sending, None for the kernel's default; ``limit`` is what it enforces if it is
    ours. ``handle`` is its number. ``ingress`` is the kind of the one for receiving, None if there is none.
    """

    root: str | None = None
    handle: int = 0
    limit: Limit | None = None
    ingress: str | None = None

    @property
    def ours(self) -> bool:
        return self.handle == _HANDLE


class Redirection(Value):
    """The filters for what an interface receives.

    ``target`` is the index of the interface that our filter redirects everything to, None if it does not;
    ``there`` is whether there is a filter of ours at all. ``others`` are the kinds of foreign filters.
    """

    target: int | None = None
    there: bool = False
    others: tuple[str, ...] = ()


NONE = Queueing()
NO_FILTERS = Redirection()


def disciplines(reader: Reader) -> dict[int, Queueing]:
    """The disciplines of all interfaces, by index."""
    found: dict[int, Queueing] = {}
    for row in reader.dump(_GETQDISC, _TCMSG.pack(0, 0, 0, 0, 0)):
        _family, index, handle, parent, _info = _TCMSG.unpack_from(row)
        if parent == _ROOT and handle:
            values = attributes(row, _TCMSG.size)
            kind = _text(values[_KIND])
            limit = _limit(values.get(_OPTIONS, b"")) if kind == "tbf" and handle == _HANDLE else None
            found[index] = found.get(index, NONE).but(root=kind, handle=handle, limit=limit)
        elif parent == _INGRESS:
            kind = _text(attributes(row, _TCMSG.size)[_KIND])
            found[index] = found.get(index, NONE).but(ingress=kind)
    return found


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "surrogateescape")


def _limit(options: bytes) -> Limit:
    numbers = _TBF.unpack_from(attributes(options)[_TBF_PARMS])
    overhead, mpu, rate, peak, queue, ticks = (numbers[place] for place in (2, 4, 5, 11, 12, 13))
    return Limit(rate, round(ticks * _TICK_NANOSECONDS / 1000), queue, plain=not (overhead or mpu or peak))


def redirection(reader: Reader, index: int) -> Redirection:
    """The filters of an interface with a discipline ``ingress``."""
    ours: list[bytes] = []
    others: dict[str, None] = {}
    for row in reader.dump(_GETTFILTER, _TCMSG.pack(0, index, 0, _INGRESS_HANDLE, 0)):
        if _TCMSG.unpack_from(row)[4] >> 16 == MARK:
            ours.append(row)
        else:
            others[_text(attributes(row, _TCMSG.size)[_KIND])] = None
    return Redirection(_target(ours), bool(ours), tuple(others))


def _target(rows: t.Iterable[bytes]) -> int | None:
    """Where these filters redirect everything, None if there are others than the one that does."""
    found = []
    for row in rows:
        info, values = _TCMSG.unpack_from(row)[4], attributes(row, _TCMSG.size)
        options = attributes(values.get(_OPTIONS, b""))
        if _text(values[_KIND]) != "u32" or info & 0xFFFF != socket.htons(_EVERY_PROTOCOL):
            return None
        if _U32_SELECTOR in options:
            found.append(_redirected_to(options))
    return found[0] if len(found) == 1 else None


def _redirected_to(options: t.Mapping[int, bytes]) -> int | None:
    selector = options[_U32_SELECTOR]
    keys = [_KEY.unpack_from(selector, offset) for offset in range(_SELECTOR.size, len(selector), _KEY.size)]
    if any(mask for mask, _value, _offset, _mask in keys):
        return None
    actions = [attributes(action) for _number, action in each_attribute(options.get(_U32_ACTION, b""))]
    if len(actions) != 1 or _text(actions[0][_KIND]) != "mirred":
        return None
    *_common, what, index = _MIRRED.unpack_from(attributes(actions[0][_ACTION_OPTIONS])[_MIRRED_PARMS])
    return index if what == _EGRESS_REDIRECT else None


def put_limit(route: t.Any, index: int, limit: Limit) -> None:
    """Limit what an interface sends. An existing limit is changed, so that no packet gets past."""
    # pyroute2 rounds the duration of a burst down to microseconds.
    burst = (limit.burst + 0.5) * limit.rate / 1_000_000
    route.tc("replace", "tbf", index=index, handle=_HANDLE, rate=limit.rate, burst=burst, limit=limit.queue)


def delete_root(route: t.Any, index: int) -> None:
    """Remove the discipline with our handle, in favour of the kernel's default."""
    route.tc("del", index=index, handle=_HANDLE, parent=_ROOT)


def add_ingress(route: t.Any, index: int) -> None:
    """Add the discipline that filters of received packets need."""
    route.tc("add", "ingress", index=index)


def delete_ingress(route: t.Any, index: int) -> None:
    """Remove it with all of its filters."""
    route.tc("del", "ingress", index=index)


def add_redirection(route: t.Any, index: int, target: int) -> None:
    """Redirect everything that an interface receives."""
    action = {"kind": "mirred", "direction": "egress", "action": "redirect", "ifindex": target}
    route.tc("add-filter", "u32", index=index, action=action, **_FILTER)


def delete_redirection(route: t.Any, index: int) -> None:
    """Remove all filters of ours, also of the one protocol that somebody changed it to."""
    route.tc("del-filter", "u32", index=index, **{**_FILTER, "protocol": 0})
