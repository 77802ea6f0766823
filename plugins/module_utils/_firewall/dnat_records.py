# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The records of published ports beside their rules, see ``_host/published.py``."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import published
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.published import Port
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import LinksStay, Session, Silent


class Remember(Value, LinksStay, Silent):
    """Record these ports, and no others, for an owner. Not reported as something done."""

    owner: str
    ports: frozenset[Port]

    def do(self, session: Session) -> None:
        with session.host.trying(f"record the ports that owner {self.owner} has published"):
            published.write(self.owner, self.ports)


class Want(t.Protocol):
    """The part of a want of ``dnat`` that is needed here. ``to_address`` is the target of an absent routed port."""

    @property
    def owner(self) -> str: ...
    @property
    def netns(self) -> str | None: ...
    @property
    def key(self) -> Key: ...
    @property
    def publication(self) -> Publication | None: ...
    @property
    def to_address(self) -> IPAddress | None: ...


def plan(found: t.Mapping[str, frozenset[Port]], wants: t.Iterable[Want]) -> tuple[list[Remember], list[Remember]]:
    """The records to remove ports from before the rules go, and those to add ports to after the rules were written."""
    kept = {owner: set(ports) for owner, ports in found.items()}
    wanted = {owner: set(ports) for owner, ports in found.items()}
    for owner, port, present in _on_the_host(wants):
        ports = wanted.setdefault(owner, set())
        (ports.add if present else ports.discard)(port)
        if not present:
            kept.setdefault(owner, set()).discard(port)
    first = [
        Remember(owner, frozenset(ports)) for owner, ports in kept.items() if ports != found.get(owner, frozenset())
    ]
    last = [Remember(owner, frozenset(ports)) for owner, ports in wanted.items() if ports != kept.get(owner, set())]
    return first, last


def _on_the_host(wants: t.Iterable[Want]) -> t.Iterator[tuple[str, Port, bool]]:
    """Owner and port of wants that concern the host's own ports, and whether the port is to be published.

    A routed port takes no port of the host.
    """
    for want in wants:
        if want.netns is None and (want.publication or want.to_address is None):
            host_ip = "" if want.key.host_ip is None else str(want.key.host_ip)
            port = (want.key.family, want.key.protocol, host_ip, str(want.key.host_port))
            yield want.owner, port, want.publication is not None and want.publication.gateway_mode == "nat"
