# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules by which a network's packets leave with an address of the host."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import SourceNat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Line,
    Rule,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import IP, of_family, quoted
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "masquerade"
_MULTICAST = {"ipv4": "224.0.0.0/4", "ipv6": "ff00::/8"}
_TO_SOURCE = re.compile(r"snat ip6? to (\S+)")


def document(want: SourceNat) -> Document:
    """Multicast is exempt: it reaches nobody by the host's address, and it is not to be answered there."""
    made = Document()
    word = IP[want.family]
    # Of two sources the narrower decides, and a rule for one interface before one for all.
    width, general = -want.source.prefixlen, 0 if want.out_interface else 1
    rank = (want.family, width, general, str(want.source), want.out_interface or "")
    target = f"snat {word} to {spelled(want.to_source)}" if want.to_source else "masquerade"
    target += " fully-random" if want.random_fully else ""
    texts = (f"{_match(want)}{word} daddr {_MULTICAST[want.family]} return", f"{_match(want)}{target}")
    comment = _comment(want)
    made.add(
        layout.SOURCES,
        (Line(of_family(want.family, text), comment, (*rank, number)) for number, text in enumerate(texts)),
    )
    return made


def _match(want: SourceNat) -> str:
    source = f"{IP[want.family]} saddr {want.source} " if want.source.prefixlen else ""
    if want.source.num_addresses == 1:
        source = f"{IP[want.family]} saddr {spelled(want.source.network_address)} "
    if not want.out_interface:
        return source
    inverted = "!= " if want.out_interface.startswith("!") else ""
    return f"{source}oifname {inverted}{quoted(want.out_interface.lstrip('!'))} "


def _comment(want: SourceNat) -> str:
    """Names what is translated, so that it can be told whatever became of the rule."""
    return f"{marks.comment(KIND, want.owner)} {want.source} {want.out_interface or ''}".rstrip()


def parse(rule: Rule) -> SourceNat | None:
    """What a rule translates; as far as its comment tells, where somebody replaced it."""
    words = (rule.comment or "").split(" ")
    mark = marks.parse_comment(words[0])
    if not mark or mark[0] != KIND or not 2 <= len(words) <= 3:
        return None
    try:
        source = ipaddress.ip_network(words[1])
    except ValueError:
        return None
    text = rule.line.text if rule.line else ""
    to_source = _TO_SOURCE.search(text)
    return SourceNat(
        source,
        words[2] if len(words) == 3 else None,
        mark[1],
        ipaddress.ip_address(to_source.group(1)) if to_source else None,
        "fully-random" in text,
    )


def translates(line: Line) -> bool:
    """Whether it is the translation itself and not an exemption from it."""
    return not line.text.endswith("return")
