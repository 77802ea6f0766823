# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a firewall has to be able to do, whichever it is.

It reads what is there of the intents of one kind, and plans what makes the wanted ones come true, and only that. Who
owns what, and in which form it is written down, is the firewall's alone. One that is to be replaced by another is asked
for the same intents as absent, once they hold in the other.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    Exposure,
    Isolation,
    Key,
    Neighbours,
    Publication,
    SourceNat,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step

Intent = t.TypeVar("Intent")
View = t.Mapping[str, t.Any]
#: A namespace, as a user refers to it; None is the host's own.
Ref = t.Optional[str]


class Asked(t.Protocol):
    """What a want is about, as far as reading needs it."""

    @property
    def netns(self) -> Ref: ...

    @property
    def state(self) -> str:
        """``present`` or ``absent``."""

    @property
    def families(self) -> tuple[str, ...]: ...

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The families that the host must be able to do; the others are passed over where it cannot."""


class Gap(enum.Enum):
    """What did not hold before a request was served, so that connections may have begun that would not have."""

    #: Strangers could enter the network, or speak in the name of one of its endpoints.
    ENTRY = "entry"
    #: The same of every network of the host, by what they share.
    ENTRY_ANYWHERE = "entry anywhere"
    #: An endpoint could speak in the name of another one of its network.
    GUARD = "guard"
    #: Packets left with their own source.
    TRANSLATION = "translation"
    #: Connections to a published port went past it.
    PUBLICATION = "publication"


@dataclasses.dataclass(frozen=True)
class Request(t.Generic[Intent]):
    """An intent that is to hold, or of an absent one so much that it can be told from others."""

    netns: Ref
    present: bool
    intent: Intent


@dataclasses.dataclass(frozen=True)
class IsolationRequest(Request[Isolation]):
    """What may cross a bridge, in the families that this is about; the others stay as they are."""

    families: tuple[str, ...]
    #: Whether the host is to drop what it forwards unless something lets it pass.
    drops: bool


@dataclasses.dataclass(frozen=True)
class PortRequest:
    """A port that is to be published, or with no publication one that is not to be."""

    netns: Ref
    key: Key
    publication: Publication | None
    #: What goes for it, of what is there under the same key: there may be others, of other endpoints.
    replaces: tuple[Publication, ...]


@dataclasses.dataclass(frozen=True)
class Served(t.Generic[Intent]):
    """What the steps do for one request."""

    #: The intent as it is there, None where nothing of it is.
    before: Intent | None
    #: What is taken away and what is added, in lines for people to read; neither where nothing is to be done.
    removed: list[str]
    added: list[str]
    #: By family.
    gaps: frozenset[tuple[str, Gap]] = frozenset()


@dataclasses.dataclass(frozen=True)
class Planned(t.Generic[Intent]):
    """Steps in the order in which nothing is open for a moment, and what they do for each request, in its order."""

    steps: t.Sequence[Step]
    served: t.Sequence[Served[Intent]]


class Translations(t.Protocol):
    """The source translation that is there."""

    def of(self, ref: Ref) -> t.Collection[SourceNat]:
        """All of a namespace, whoever owns it."""

    def plan(self, requests: t.Sequence[Request[SourceNat]]) -> Planned[SourceNat]: ...


class Isolations(t.Protocol):
    """The isolation of bridges that is there."""

    def place(self, ref: Ref) -> Ref:
        """The first of the references asked for that are the same namespace, for which it stands in what is told."""

    def owners(self, ref: Ref) -> t.Collection[tuple[str, str]]:
        """The bridges of a namespace about which there is anything, each with the owner of that."""

    def of(self, ref: Ref) -> t.Sequence[Isolation]:
        """All of a namespace, as far as can be told."""

    def neighbours(self, ref: Ref, bridge: str, family: str) -> Neighbours:
        """Those that are held to their MAC addresses."""

    def keeps_names(self, ref: Ref, subnet: IPNetwork) -> bool:
        """Whether strangers are kept from speaking in the name of this subnet's endpoints, by whatever is in force."""

    def bridged(self, ref: Ref, family: str) -> bool:
        """Whether this firewall is shown what bridges carry between their own ports."""

    def forwards(self, ref: Ref) -> t.Collection[str]:
        """The families of which the host forwards what nothing stops."""

    def plan(self, requests: t.Sequence[IsolationRequest]) -> Planned[Isolation]: ...


class Publications(t.Protocol):
    """The published ports that are there."""

    def place(self, ref: Ref) -> Ref:
        """The first of the references asked for that are the same namespace, for which it stands in what is told."""

    def of(self, ref: Ref, key: Key) -> t.Sequence[Publication]:
        """What is published under a key, whoever owns it."""

    def every(self) -> t.Collection[tuple[Ref, Publication]]:
        """All of every namespace asked for."""

    def plan(self, requests: t.Sequence[PortRequest]) -> Planned[Publication]: ...


@dataclasses.dataclass(frozen=True)
class Told:
    """What of ours is there, in the words of the module ``netns_info``."""

    #: Each with at least ``kind``, ``owner``, ``ip_version``, ``table``, ``chain`` and ``text``.
    rules: t.Sequence[View]
    #: Sentences why there may be more, since what cannot be seen can neither be kept nor removed.
    unread: list[str]
    #: The chains of ours that somebody emptied.
    empty: list[str]
    #: The kinds of rules that these are for.
    emptied: list[str]


class Firewall(t.Protocol):
    """One of those that a host may have. What its methods return is read once and planned on without another look."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> Isolations: ...

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> Publications: ...

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> Translations: ...


class Survey(t.Protocol):
    """What a firewall tells of a host beside that, for those who look at all of it and change no rule."""

    def told(self, host: Host, ref: Ref) -> Told:
        """All of ours, of every owner."""

    def others(self, host: Host, ref: Ref, own: t.Collection[IPAddress]) -> View:
        """What others have that may be in the way of ours.

        :param own: the host's own addresses
        """

    def warnings(self, others: View, network: Exposure) -> list[str]:
        """What of that is in the way of a network, in sentences; nothing is read."""

    def obstacles(self, host: Host, ref: Ref) -> t.Collection[str]:
        """Sentences on what would not let anything be written, because of which a run had better not begin."""
