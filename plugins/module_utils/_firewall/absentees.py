# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warns about interfaces and addresses in rules that do not exist now. They may appear later, such as those of a VPN.

Nothing is said while a whole network is applied, since its plan has its own warnings, which name the user's options.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader

T = t.TypeVar("T")


def warn_of_interfaces(host: Host, named: t.Iterable[tuple[str | None, str, str]]) -> None:
    """Warn about missing interfaces.

    :param named: the namespaces, options and names
    """
    by_space = _by_space(host, ((ref, (option, name)) for ref, option, name in named))
    for ref, those in by_space.items():
        there = host.run(ref, functools.partial(dumps.real_names, [name for _option, name in those]))
        for option, name in those:
            if name not in there:
                host.warn(f"{option}: there is no interface {name!r}{within(ref) or ' on the host'} now")


def warn_of_addresses(host: Host, named: t.Iterable[tuple[str | None, str, IPAddress]]) -> None:
    """Warn about missing addresses from which packets are to be sent.

    :param named: the namespaces, options and addresses
    """
    by_space = _by_space(host, ((ref, (option, address)) for ref, option, address in named))
    for ref, those in by_space.items():
        there = host.run(ref, _own_addresses)
        for option, address in those:
            if address not in there:
                place = f"namespace {ref}" if ref else "the host"
                host.warn(
                    f"{option}: {place} has no address {address} now, so replies to packets from it do not arrive"
                )


def _by_space(host: Host, named: t.Iterable[tuple[str | None, T]]) -> dict[str | None, list[T]]:
    """By namespace, without those that check mode only takes as created."""
    found: dict[str | None, list[T]] = {}
    for ref, one in named if not host.goes_on else ():
        found.setdefault(ref, []).append(one)
    return {ref: those for ref, those in found.items() if host.exists(ref)}


def _own_addresses() -> set[IPAddress]:
    with Reader() as reader:
        return {one.address.ip for one in dumps.addresses(reader)}
