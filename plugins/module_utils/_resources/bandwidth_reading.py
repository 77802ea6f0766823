# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads what limits interfaces have."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import alternative_names, dumps, queueing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.queueing import Queueing, Redirection
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth_options import Want


class Space(Value):
    """A namespace: its interfaces, and by index their disciplines and filters."""

    links: Links
    disciplines: t.Mapping[int, Queueing]
    redirections: t.Mapping[int, Redirection]


class State(Value):
    """``refs`` has no entry for the missing namespace of an absent want."""

    own: Identity
    refs: t.Mapping[str | None, Identity]
    spaces: t.Mapping[Identity, Space]


def read(host: Host, wants: t.Sequence[Want]) -> State:
    """Everything that planning needs."""
    refs = {
        want.netns: host.identity(want.netns) for want in wants if want.state == "present" or host.exists(want.netns)
    }
    spaces: dict[Identity, Space] = {}
    for ref, space in refs.items():
        if space not in spaces:
            here = [want for want in wants if refs.get(want.netns) == space]
            spaces[space] = _read(host, ref, here)
    _refuse_missing(host, wants, {ref: spaces[space].links for ref, space in refs.items()})
    return State(host.identity(None), refs, spaces)


def _read(host: Host, ref: str | None, wants: t.Sequence[Want]) -> Space:
    known = host.known_links(host.identity(ref))

    def visit() -> Space:
        with Reader() as reader:
            links = dumps.links(reader) if known is None else known
            alternative_names.refuse_links(links, [("interface", want.interface) for want in wants])
            disciplines = queueing.disciplines(reader)
            asked = {links[want.interface].index for want in wants if want.interface in links}
            with_filters = [index for index in asked if disciplines.get(index, queueing.NONE).ingress == "ingress"]
            return Space(links, disciplines, {index: queueing.redirection(reader, index) for index in with_filters})

    found = host.run(ref, visit)
    ended = [want.interface for want in wants if _is_ended(host, found.links.get(want.interface))]
    return found.but(links={name: link for name, link in found.links.items() if name not in ended}) if ended else found


def _is_ended(host: Host, link: Link | None) -> bool:
    """Whether check mode assumes that the namespace of the other end is no more, and the interface with it."""
    mark = marks.parse_alias(link.alias) if link and host.ended else None
    if mark is None or not mark.namespace or not host.exists(mark.namespace):
        return False
    return host.identity(mark.namespace) in host.ended


def _refuse_missing(host: Host, wants: t.Sequence[Want], links: t.Mapping[str | None, Links]) -> None:
    """Refuse missing interfaces; in check mode, only warn and treat them as just created."""
    told: dict[str, None] = {}
    for want in wants:
        if want.state == "present" and want.interface not in links[want.netns]:
            place = f"{want.interface}{within(want.netns)}"
            if not host.check_mode:
                raise Refused(f"interface {place} does not exist")
            told[place] = None
    if told:
        host.warn(f"check mode: interfaces that do not exist yet are treated as just created: {', '.join(told)}")
