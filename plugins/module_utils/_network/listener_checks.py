# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Refuses host ports that a process listens on: publishing one would silently take its clients away.

This concerns only newly published ports. A port that this network has published stays, whatever listens on it since: a
working network must not fail in its next run. The same holds after its rules were flushed or deleted by hand, since any
user could quickly listen there meanwhile. The rule of the other family, or the record of the port, then shows that it
was published.
"""

from __future__ import annotations

import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import (
    Published,
    published_already,
)

_ANY_IPV6 = ipaddress.ip_address("::")
#: Packets to ::1 never match a published port, so a process that listens only there keeps its clients.
_LOOPBACK_IPV6 = ipaddress.ip_address("::1")


def check_listeners(view: HostView, wanted: list[Published], problems: Problems) -> list[Published]:
    """The ports that can be published without taking over a listener's. A routed port uses no port of the host."""
    existing = published_already(view)
    refused: set[str] = set()
    for entry in wanted:
        sentence = _trouble(view, entry, existing)
        if sentence and _was_ours(view, entry, existing):
            problems.warnings.append(f"{sentence}, and gets no connections from outside any more")
        elif sentence and entry.path not in refused:
            problems.of_port(sentence)
            refused.add(entry.path)
    return [entry for entry in wanted if entry.path not in refused]


def _was_ours(view: HostView, entry: Published, existing: list[Published]) -> bool:
    """Whether the port was published until its rule was removed by hand."""
    if entry.key in view.remembered_ports or _published_otherwise(entry, existing):
        return True
    return view.lost_published_ports(entry.ip_version)


def _published_otherwise(entry: Published, existing: list[Published]) -> bool:
    """Whether the rule of the other family still exists: both are always published together."""
    return any(
        (other.protocol, other.host, other.host_ip) == (entry.protocol, entry.host, entry.host_ip) for other in existing
    )


def _trouble(view: HostView, entry: Published, existing: list[Published]) -> str | None:
    for listener in view.listeners if not entry.routed else ():
        if _is_hidden(listener, entry) and not any(_holds(other, listener, entry) for other in existing):
            place = f"port {listener['port']}/{entry.protocol} of {entry.host_ip or 'the host'}"
            return f"{entry.path}: {place} is in use: {_words(listener)}"
    return None


def _is_hidden(listener: View, entry: Published) -> bool:
    """Whether connections to the listener would be translated to the endpoint."""
    if listener["protocol"] != entry.protocol or not entry.host.first <= listener["port"] <= entry.host.last:
        return False
    address = ipaddress.ip_address(listener["address"])
    if address == _ANY_IPV6:
        # It also accepts IPv4, unless the program disabled that, which is not visible.
        return True
    if f"ipv{address.version}" != entry.ip_version or address == _LOOPBACK_IPV6:
        return False
    return address.is_unspecified or entry.host_ip in ("", str(address))


def _holds(other: Published, listener: View, entry: Published) -> bool:
    """Whether a port that is already published includes the listener's, on its address or on all."""
    return (
        (other.ip_version, other.protocol) == (entry.ip_version, entry.protocol)
        and other.host_ip in ("", entry.host_ip)
        and other.host.first <= listener["port"] <= other.host.last
    )


def _words(listener: View) -> str:
    who = f"process {listener['pid']} ({listener['process']})" if listener["pid"] else "a process"
    address: IPAddress = ipaddress.ip_address(listener["address"])
    where = "all addresses" if address.is_unspecified else str(address)
    return f"{who} listens on {where}"
