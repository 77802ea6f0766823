# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The limits of the host's interfaces as a module returns them."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import Limit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

View = dict[str, t.Any]


def read(host: Host, ref: str | None, links: Links) -> dict[str, View]:
    """The limits by interface. Only read if the interfaces show that there may be some."""
    if not any(link.qdisc == "tbf" or link.kind == "ifb" for link in links.values()):
        return {}
    return host.run(ref, lambda: _read(links))


def _read(links: Links) -> dict[str, View]:
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import queueing

    found: dict[str, View] = {}
    with Reader() as reader:
        disciplines = queueing.disciplines(reader)
        for name, link in links.items():
            here = disciplines.get(link.index, queueing.NONE)
            if link.kind != "veth" or not (here.ours or here.ingress == "ingress"):
                continue
            device = links.get(names.limiting_device(name)) if here.ingress else None
            there = disciplines.get(device.index, queueing.NONE).limit if device and device.kind == "ifb" else None
            if here.ours or there or queueing.redirection(reader, link.index).there:
                found[name] = _view(here.limit, there)
    return found


def _view(ingress: Limit | None, egress: Limit | None) -> View:
    shown: View = dict.fromkeys(limits.OPTIONS)
    for word, limit in (("ingress", ingress), ("egress", egress)):
        if limit:
            shown[f"{word}_rate"], shown[f"{word}_burst"] = limit.rate_text, limit.burst_text
    return shown
