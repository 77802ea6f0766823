# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""How fast the other end of a veth pair may receive and send, as limits on the host's end."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_options, left_over
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth_options import Want


class Bandwidth(Resource):
    options: t.ClassVar[Options] = bandwidth_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("interface",)
    name: t.ClassVar[str] = "bandwidth"
    # Before the interfaces go up, so that nothing gets past. On removal after the pairs, which take disciplines along.
    order: t.ClassVar[Order] = Order(present=78, absent=55)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("interface",)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        return bandwidth_options.want(options)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "interface": want.interface}

    def label(self, want: Want) -> str:
        return f"bandwidth of {want.interface}{within(want.netns)}"

    def identity(self, definition: Element) -> t.Hashable:
        return definition["interface"]

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["interface"])

    def makes(self, definition: Element) -> str | None:
        here = definition.get("netns") is None and definition.get("egress_rate") is not None
        return names.limiting_device(definition["interface"]) if here else None

    def needs(self, definition: Element) -> str | None:
        return None if definition.get("netns") else str(definition["interface"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.bandwidth(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> t.Any:
        # Few networks have limits, so others are spared the import.
        from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_reading

        return bandwidth_reading.read(host, wants)

    def plan(self, wants: t.Sequence[Want], state: t.Any) -> Plan:
        from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_planner

        return bandwidth_planner.plan(wants, state)
