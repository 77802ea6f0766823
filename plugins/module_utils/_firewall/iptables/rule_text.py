# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""One iptables rule as ``iptables-save`` prints it, without the ``-A CHAIN``.

We write rules in exactly this form, so a rule is present if and only if its text was read. For everything used here,
both backends print the same text. An interface name that starts with ``!`` means "any but this one", as in
``ansible.builtin.iptables``.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import shlex
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    IPNetwork,
    parse_network,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

_SAFE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r"[\"'\\]")


class Fields(t.NamedTuple):
    """The options of a rule by name (``-o``, ``--dport``). The value of an inverted option starts with ``!``.

    Options without a value have an empty string. Matches (``-m``) and comments are in lists of their own.
    """

    options: dict[str, str]
    matches: tuple[str, ...]
    comments: tuple[str, ...]

    def get(self, option: str) -> str | None:
        return self.options.get(option)

    @property
    def target(self) -> str | None:
        """The chain or target of ``-j`` or ``-g``."""
        return self.options.get("-j") or self.options.get("-g")

    @property
    def selective(self) -> bool:
        """Whether the rule skips some packets."""
        return any(match != "comment" for match in self.matches) or any(
            option in self.options for option in ("-s", "-d", "-i", "-o", "-p", "-f")
        )

    @property
    def mark(self) -> tuple[str, str] | None:
        """``(kind, owner)`` if the rule's first comment is a mark of ours."""
        return marks.parse_comment(self.comments[0]) if self.comments else None


@functools.cache
def fields(text: str) -> Fields:
    """Parse a rule's text. Exact for our rules, sufficient for foreign ones."""
    options: dict[str, str] = {}
    matches: list[str] = []
    comments: list[str] = []
    name, inverted, values = "", False, t.cast("list[str]", [])

    def close() -> None:
        value = " ".join(values)
        if name == "-m":
            matches.append(value)
        elif name == "--comment":
            comments.append(value)
        elif name:
            options[name] = f"!{value}" if inverted else value

    bang = False
    for word in _words(text):
        if word == "!":
            bang = True
        elif word.startswith("-") and not (name == "--comment" and not values):
            close()
            name, inverted, values, bang = word, bang, [], False
        else:
            values.append(word)
    close()
    return Fields(options, tuple(matches), tuple(comments))


def _words(text: str) -> list[str]:
    """The words of a rule. Quotes surround comments and other strings that need them."""
    if '"' not in text:
        return text.split()
    # An owner with a dot in its name has all its comments quoted, and shlex is slow.
    parts = f" {text} ".split('"')
    if "\\" not in text and len(parts) % 2 and all(part[:1] == part[-1:] == " " for part in parts[::2]):
        return [word for place, part in enumerate(parts) for word in ([part] if place % 2 else part.split())]
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def render(
    target: str,
    comments: t.Sequence[str],
    source: IPNetwork | None = None,
    destination: IPNetwork | None = None,
    in_interface: str | None = None,
    out_interface: str | None = None,
    protocol: str | None = None,
    matches: t.Sequence[str] = (),
) -> str:
    """The text of a rule.

    :param target: what follows ``-j``, with options: ``DNAT --to-destination 172.18.0.2:80``
    :param source, destination: networks; one that contains all addresses is omitted, as iptables does
    :param matches: each with its options: ``-m conntrack --ctstate DNAT``
    """
    words = [
        *_address("-s", source),
        *_address("-d", destination),
        *_interface("-i", in_interface),
        *_interface("-o", out_interface),
        *(["-p", protocol] if protocol else []),
        *matches,
        *(f"-m comment --comment {_quoted(comment)}" for comment in comments),
        f"-j {target}",
    ]
    return " ".join(words)


def _address(option: str, network: IPNetwork | None) -> list[str]:
    if network is None or network.prefixlen == 0:
        return []
    return [option, f"{spelled(network.network_address)}/{network.prefixlen}"]


def _interface(option: str, name: str | None) -> list[str]:
    if not name:
        return []
    return ["!", option, name[1:]] if name.startswith("!") else [option, name]


def _quoted(comment: str) -> str:
    return comment if _SAFE.fullmatch(comment) else '"' + _ESCAPED.sub(r"\\\g<0>", comment) + '"'


def network_of(text: str) -> IPNetwork:
    """The network in the value of ``-s`` or ``-d``, where a single address is a network of one."""
    return parse_network(text.lstrip("!"))


def host_network(value: IPAddress) -> IPNetwork:
    """The network that contains only this address."""
    return ipaddress.ip_network(value)
