# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The names by which namespaces find each other: a marked block for each owner in /etc/netns/NAME/hosts.

A namespace may have a resolver of its own, too, /etc/netns/NAME/resolv.conf.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import netns_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import Block
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import MOST_SERVERS, Resolver
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over, netns_names_planner
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_names_planner import State, Want

_WORDS: t.Final[Options] = {
    "dns_servers": {"type": "list", "elements": "str"},
    "dns_search": {"type": "list", "elements": "str"},
    "dns_options": {"type": "list", "elements": "str"},
}
_WORD = re.compile(r"[^\s#;]+")


class NetnsNames(Resource):
    options: t.ClassVar[Options] = {
        "state": STATE,
        "hosts": {"type": "list", "elements": "str"},
        "namespaces": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "hosts": {"type": "list", "elements": "str"},
                **_WORDS,
            },
        },
        **_WORDS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ()
    name: t.ClassVar[str] = "netns_names"
    order: t.ClassVar[Order] = Order(present=65, absent=95)
    aside: t.ClassVar[bool] = True

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        owner = names.owner_name("owner", options["owner"])
        if options["state"] == "absent":
            return Want("absent", owner)
        for option in ("hosts", "namespaces"):
            if options[option] is None:
                raise Missing(option, "a list, unless state is absent")
        common = _hosts("hosts", options["hosts"])
        blocks: dict[str, Block] = {}
        resolvers: dict[str, Resolver] = {}
        plain = Block((), common)
        for number, one in enumerate(options["namespaces"]):
            path = f"namespaces[{number}]."
            name = names.namespace_name(f"{path}name", one["name"])
            if name in blocks:
                raise Invalid(f"{path}name", name, "each namespace once")
            own = one.get("hosts")
            blocks[name] = Block(_hosts(f"{path}hosts", own), common) if own else plain
            resolver = _resolver(path, one)
            if resolver:
                resolvers[name] = resolver
        return Want("present", owner, common, blocks, resolvers, _resolver("", options))

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"owner": want.owner}

    def label(self, want: Want) -> str:
        return f"netns_names {want.owner}"

    def left(self, view: Marked) -> list[Element]:
        return left_over.netns_names(view)

    def read(self, host: Host, _wants: t.Sequence[Want]) -> State:
        return State(netns_files.read_all(host), netns_files.source())

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        return netns_names_planner.plan(wants, state)


def _hosts(path: str, listed: t.Sequence[str]) -> tuple[str, ...]:
    """The lines ordered by address, regardless of the given order."""
    found: dict[tuple[int, int], str] = {}
    for number, line in enumerate(listed):
        option = f"{path}[{number}]"
        first, *others = line.split() or [""]
        one = address(option, first)
        if not others:
            raise Invalid(option, line, "an address and at least one name, such as 172.18.0.2 web")
        for name in others:
            names.host_name(option, name)
        key = (one.version, int(one))
        if key in found:
            raise Invalid(option, line, "one line with all names of its address")
        found[key] = " ".join([str(one), *others])
    return tuple(found[key] for key in sorted(found))


def _resolver(path: str, options: t.Mapping[str, t.Any]) -> Resolver | None:
    """The resolver of one namespace, or of all; None if none of its options is given."""
    given = {word: options.get(word) for word in _WORDS}
    if all(value is None for value in given.values()):
        return None
    servers = given["dns_servers"] or ()
    if len(servers) > MOST_SERVERS:
        allowed = f"at most {MOST_SERVERS} servers, since the C library asks no more"
        raise Invalid(f"{path}dns_servers", servers, allowed)
    return Resolver(
        tuple(str(address(f"{path}dns_servers[{number}]", server)) for number, server in enumerate(servers)),
        *(_words(f"{path}{word}", given[word] or ()) for word in ("dns_search", "dns_options")),
    )


def _words(path: str, listed: t.Sequence[str]) -> tuple[str, ...]:
    for number, word in enumerate(listed):
        if not _WORD.fullmatch(word):
            raise Invalid(f"{path}[{number}]", word, "a word of resolv.conf, without white space, '#' and ';'")
    return tuple(listed)
