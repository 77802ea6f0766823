# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is remembered of published ports beside their rules, see ``_kernel/published.py``."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import published
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.published import Port
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import LinksStay, Session, Silent


@dataclasses.dataclass(frozen=True)
class Remember(LinksStay, Silent):
    """Remember these ports of an owner, and no others; it is no part of what is told as done."""

    owner: str
    ports: frozenset[Port]

    def do(self, session: Session) -> None:
        with session.host.trying(f"record the ports that owner {self.owner} has published"):
            published.write(self.owner, self.ports)


class Want(t.Protocol):
    """Of a want of the module ``dnat``. ``to_address``: of an absent one the target where nothing is translated."""

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
    """What is forgotten before the rules go, and what is remembered after they came."""
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
    """Owner and port of those that are about the host's own ports, and whether it is to be published there.

    Where nothing is translated, nothing is taken on the host.
    """
    for want in wants:
        if want.netns is None and (want.publication or want.to_address is None):
            host_ip = "" if want.key.host_ip is None else str(want.key.host_ip)
            port = (want.key.family, want.key.protocol, host_ip, str(want.key.host_port))
            yield want.owner, port, want.publication is not None and want.publication.gateway_mode == "nat"
