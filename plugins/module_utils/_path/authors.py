# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Who made a rule, and what one of ours is for."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, port_range
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

OURS = "netplumb.linuxnet"
#: Where the administrator puts rules of his own.
_USER = "LINUXNET-USER"
#: By table or chain, those who use such names.
_TOOLS = (
    ("docker", r"DOCKER|docker"),
    ("firewalld", r"firewalld|(FWD|IN|PRE|POST|OUT)_|FORWARD_(direct|IN_ZONES|OUT_ZONES|POLICIES)|INPUT_ZONES"),
    ("ufw", r"ufw6?-"),
    ("kube", r"KUBE-|kube-"),
    ("calico", r"cali-"),
    ("cni", r"CNI-|cni"),
    ("netavark", r"NETAVARK|netavark"),
    ("libvirt", r"LIBVIRT_|libvirt"),
    ("fail2ban", r"f2b-"),
)
#: As iptables shows them, with quotes where needed, and as nft does.
_COMMENTS = re.compile(r'--comment (?:"([^"]*)"|(\S+))|comment "([^"]*)"')
_OUR_COMMENT = re.compile(r"linuxnet(-[a-z]+-[A-Za-z0-9_-]+)?")
#: By a part of the chain's name, what our rules in there keep.
_PURPOSES = (
    (r"GUARD|guarded|^prerouting$", "an endpoint must not use the address of another one"),
    (r"-RAW$|^raw-|^segment-", "endpoints may not use 127.0.0.0/8, nor send beyond an internal network"),
    (r"INTERNAL", "an internal network has no connection with the outside"),
    (r"^listed$|^LINUXNET-[0-9a-f]{7}-[0-9a-z]+$", "the endpoint may only send to the destinations of its egress list"),
    (r"-ALLOW$|^callers$|^strangers$", "a published port is only open to its allowed_sources"),
    (r"-TO$|^to-", "from outside of the network, only its published ports can be reached"),
    (r"-FROM$|^from-|senders", "endpoints only send with addresses of their network"),
    (r"-PREROUTING$|^names$", "nobody outside of the network may use its addresses"),
    (r"-INPUT$|^host-", "endpoints must not reach services on 127.0.0.1 of the host"),
)


class Author(t.NamedTuple):
    """The tool, and for a rule of ours its owner, kind and purpose."""

    tool: str
    owner: str | None = None
    kind: str | None = None
    purpose: str | None = None

    def view(self) -> dict[str, t.Any]:
        return {"tool": self.tool, "owner": self.owner, "intent": self.kind, "purpose": self.purpose}

    @property
    def words(self) -> str:
        """As the author of a rule in a sentence."""
        if self.tool == OURS:
            return f"this collection for {self.owner}" if self.owner else "this collection"
        return {"unknown": "nobody known", "administrator": "the administrator"}.get(self.tool, self.tool)


def author(table: str, chain: str, text: str, owners: t.Mapping[str, str], near: t.Sequence[str] = ()) -> Author:
    """Of a rule of the host, or of the policy of a chain.

    :param owners: by bridge, of our networks
    :param near: the interfaces of the packet, for rules that networks share
    """
    comments = ("".join(found) for found in _COMMENTS.findall(text))
    said = [comment for comment in comments if _OUR_COMMENT.fullmatch(comment)]
    mine = table == "linuxnet" or (chain.startswith("LINUXNET-") and chain != _USER)
    if said or mine:
        mark = next(filter(None, map(marks.parse_comment, said)), None)
        bridge = next((name for name in owners if chain.endswith(f"-{name}") or f'"{name}"' in text), None)
        shared = next((owners[name] for name in near if name in owners), None)
        owner = mark[1] if mark else owners.get(bridge or "", shared)
        return Author(OURS, owner, mark[0] if mark else "forward", _purpose(chain, mark[0] if mark else None))
    if chain == _USER:
        return Author("administrator")
    return _of_tool(table, chain)


def inside(table: str, chain: str) -> Author:
    """The same in a namespace, whose root can make any rule look like one of ours."""
    return _of_tool(table, chain)


def _of_tool(table: str, chain: str) -> Author:
    for tool, pattern in _TOOLS:
        if re.match(pattern, chain) or re.match(pattern, table):
            return Author(tool)
    return Author("unknown")


def of_port(rules: t.Sequence[t.Mapping[str, t.Any]], address: IPAddress, port: int) -> Author | None:
    """That of the rule of ours which publishes a port of an endpoint."""
    for rule in rules:
        if rule["kind"] != "dnat" or rule.get("to_address") != str(address):
            continue
        if port_range("to_port", rule["to_port"]).has(port):
            return Author(OURS, rule["owner"], "dnat", _purpose("", "dnat"))
    return None


def _purpose(chain: str, kind: str | None) -> str | None:
    if kind == "masquerade":
        return "connections from the network get an address of the host"
    found = next((words for pattern, words in _PURPOSES if re.search(pattern, chain)), None)
    return found or ("it publishes the port" if kind == "dnat" else None)
