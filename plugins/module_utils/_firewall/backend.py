# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a firewall has to implement.

It reads the intents of one kind from the host and plans the steps that establish the requested ones, and nothing else.
How owners are recorded on the host is the firewall's own business. To migrate from one firewall to another, request the
same intents as absent from the old one after the new one has applied them.
"""

from __future__ import annotations

import enum
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    Exposure,
    Isolation,
    Key,
    Neighbours,
    Publication,
    Sender,
    SourceNat,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step

Intent = t.TypeVar("Intent")
View = t.Mapping[str, t.Any]
#: A namespace as the user refers to it; None is the host's own.
Ref = t.Optional[str]


class Asked(t.Protocol):
    """The part of a want that reading needs."""

    @property
    def netns(self) -> Ref: ...

    @property
    def owner(self) -> str: ...

    @property
    def firewall(self) -> str:
        """The name of a firewall, or ``auto``."""

    @property
    def state(self) -> str:
        """``present`` or ``absent``."""

    @property
    def families(self) -> tuple[str, ...]: ...

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The families that the host must support; any others in ``families`` are skipped if it does not."""


class Gap(enum.Enum):
    """What was missing before a request was served. Connections that began meanwhile may have to end."""

    #: Outsiders could reach the network, or spoof the addresses of its endpoints.
    ENTRY = "entry"
    #: The same for every network of the host, since what was missing is shared.
    ENTRY_ANYWHERE = "entry anywhere"
    #: An endpoint could spoof the address of another one on its network.
    GUARD = "guard"
    #: An endpoint could send where it may not.
    EGRESS = "egress"
    #: Packets left with their original source address.
    TRANSLATION = "translation"
    #: Connections to a published port did not reach the endpoint.
    PUBLICATION = "publication"


class Request(Value, t.Generic[Intent]):
    """An intent that is to hold; if not ``present``, only what identifies it counts."""

    netns: Ref
    present: bool
    intent: Intent


class IsolationRequest(Request[Isolation]):
    """What may cross a bridge, in these families. Other families stay as they are."""

    families: tuple[str, ...]
    #: Whether the host's default for forwarded packets has to be drop.
    drops: bool
    #: Another firewall has the network, and this one is only to let pass what that one has judged.
    elsewhere: bool = False


class PortRequest(Value):
    """A port to publish, or to unpublish if ``publication`` is None."""

    netns: Ref
    key: Key
    publication: Publication | None
    #: The existing publications that this request replaces or removes. Other endpoints may have more under the same
    #: key.
    replaces: tuple[Publication, ...]


class Served(Value, t.Generic[Intent]):
    """What the steps do for one request."""

    #: The intent as found on the host, None if nothing of it exists.
    before: Intent | None
    #: Lines for the diff. Both are empty if nothing has to be done.
    removed: list[str]
    added: list[str]
    #: Pairs of family and gap.
    gaps: frozenset[tuple[str, Gap]] = frozenset()


class Planned(Value, t.Generic[Intent]):
    """Steps, ordered so that nothing is open in between, and one ``Served`` per request, in the same order."""

    steps: t.Sequence[Step]
    served: t.Sequence[Served[Intent]]


class Translations(t.Protocol):
    """The source NAT found on the host."""

    def of(self, ref: Ref) -> t.Collection[SourceNat]:
        """All of a namespace, of every owner."""

    def plan(self, requests: t.Sequence[Request[SourceNat]]) -> Planned[SourceNat]: ...


class Isolations(t.Protocol):
    """The isolation of bridges found on the host."""

    def place(self, ref: Ref) -> Ref:
        """The first of the references passed in that means the same namespace; results use that one."""

    def owners(self, ref: Ref) -> t.Collection[tuple[str, str]]:
        """The bridges of a namespace for which anything exists, each with the owner of that."""

    def of(self, ref: Ref) -> t.Sequence[Isolation]:
        """All isolation in a namespace, as far as it can be read back from the rules."""

    def neighbours(self, ref: Ref, bridge: str, family: str) -> Neighbours:
        """The addresses that are bound to a MAC address, with that address."""

    def senders(self, ref: Ref, bridge: str) -> t.Sequence[Sender]:
        """The endpoints that are held to a list."""

    def keeps_names(self, ref: Ref, subnet: IPNetwork) -> bool:
        """Whether what is in effect keeps outsiders from using source addresses of this subnet."""

    def bridged(self, ref: Ref, family: str) -> bool:
        """Whether this firewall sees frames between two ports of a bridge (br_netfilter)."""

    def forwards(self, ref: Ref) -> t.Collection[str]:
        """The families in which the host forwards packets that no rule drops."""

    def plan(self, requests: t.Sequence[IsolationRequest]) -> Planned[Isolation]: ...


class Publications(t.Protocol):
    """The published ports found on the host."""

    def place(self, ref: Ref) -> Ref:
        """The first of the references passed in that means the same namespace; results use that one."""

    def of(self, ref: Ref, key: Key) -> t.Sequence[Publication]:
        """Everything published under a key, by every owner."""

    def every(self) -> t.Collection[tuple[Ref, Publication]]:
        """All publications in all namespaces that were read."""

    def plan(self, requests: t.Sequence[PortRequest]) -> Planned[Publication]: ...


class Told(Value):
    """This collection's rules on the host, as ``netns_info`` returns them."""

    #: Each with at least ``kind``, ``owner``, ``ip_version``, ``table``, ``chain`` and ``text``.
    rules: t.Sequence[View]
    #: Why there may be more, in sentences: rules that cannot be read can be neither kept nor removed.
    unread: list[str]
    #: Chains of ours that somebody flushed.
    empty: list[str]
    #: The kinds of rules that belong in those.
    emptied: list[str]


class Firewall(t.Protocol):
    """One kind of firewall. Each method reads the host once, and what it returns plans without reading again."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> Isolations: ...

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> Publications: ...

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> Translations: ...


class Survey(t.Protocol):
    """What else a firewall can report about a host, for code that inspects everything and changes no rule."""

    def told(self, host: Host, ref: Ref) -> Told:
        """All rules of this collection, of every owner."""

    def others(self, host: Host, ref: Ref, own: t.Collection[IPAddress], beyond: t.Collection[str]) -> View:
        """What other tools have that may interfere with our rules.

        :param own: the host's own addresses
        :param beyond: the host's interfaces but for the bridges of our networks
        """

    def warnings(self, others: View, network: Exposure) -> list[str]:
        """Warnings about those of ``others`` that affect a network. Reads nothing."""

    def obstacles(self, host: Host, ref: Ref) -> t.Collection[str]:
        """Sentences on what would keep rules from being written, so that a run can fail before its first change."""
