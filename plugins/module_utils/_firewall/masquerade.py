# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Source NAT of a network."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import (
    FIREWALL,
    NETNS,
    OWNER,
    STATE,
    Options,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import (
    absentees,
    changes,
    ended_flows,
    left_over,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Firewall,
    Gap,
    Request,
    Translations,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import SourceNat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import alternative_names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element


class Want(Value):
    state: str
    netns: str | None
    rule: SourceNat
    firewall: str = "auto"

    @property
    def owner(self) -> str:
        return self.rule.owner

    @property
    def families(self) -> tuple[str, ...]:
        return (self.rule.family,)

    @property
    def asks_for(self) -> tuple[str, ...]:
        return self.families if self.state == "present" else ()


class State(Value):
    translations: Translations
    #: The interfaces of rules to be removed that were given by an alternative name.
    real_names: alternative_names.RealNames = NOTHING


class Masquerade(Resource):
    options: t.ClassVar[Options] = {
        "source": {"type": "str"},
        "out_interface": {"type": "str"},
        "to_source": {"type": "str"},
        "random_fully": {"type": "bool", "default": False},
        **FIREWALL,
        "state": STATE,
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("source",)
    name: t.ClassVar[str] = "masquerade"
    order: t.ClassVar[Order] = Order(present=40, absent=70)
    closes: t.ClassVar[bool] = True
    joins: t.ClassVar[bool] = True

    def __init__(self, firewall: Firewall) -> None:
        self._firewall = firewall

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        source = addresses.network("source", options["source"])
        to_source = None if options["to_source"] is None else addresses.address("to_source", options["to_source"])
        if to_source is not None and to_source.version != source.version:
            raise Invalid("to_source", options["to_source"], f"an IPv{source.version} address, as source is {source}")
        if to_source is not None and (to_source.is_unspecified or to_source.is_multicast or to_source.is_loopback):
            raise Invalid("to_source", options["to_source"], "an address of the host")
        return Want(
            state=options["state"],
            netns=names.namespace_ref("netns", options["netns"]),
            rule=SourceNat(
                source=source,
                out_interface=names.interface_match("out_interface", options["out_interface"]),
                owner=names.owner_name("owner", options["owner"]),
                to_source=to_source,
                random_fully=options["random_fully"],
            ),
            firewall=options["firewall"],
        )

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "source": str(want.rule.source), "out_interface": want.rule.out_interface}

    def label(self, want: Want) -> str:
        out = f" out of {want.rule.out_interface}" if want.rule.out_interface else ""
        return f"masquerade {want.rule.source}{out}{within(want.netns)}"

    def left(self, view: Marked) -> list[Element]:
        return left_over.masquerade(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        present = [want for want in wants if want.state == "present"]
        alternative_names.refuse(host, ((want.netns, "out_interface", want.rule.out_interface) for want in present))
        sources = ((want.netns, want.rule.to_source) for want in present)
        absentees.warn_of_addresses(host, ((ref, "to_source", address) for ref, address in sources if address))
        found = self._firewall.translations(host, wants)
        absent = (want for want in wants if want.state == "absent" and host.exists(want.netns))
        return State(found, alternative_names.real_names(host, ((one.netns, one.rule.out_interface) for one in absent)))

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        for want in wants:
            _refuse_others(want, state.translations)
        planned = state.translations.plan([Request(want.netns, want.state == "present", want.rule) for want in wants])
        steps = list(planned.steps)
        made = []
        for want, served in zip(wants, planned.served):
            after = want.rule.views() if want.state == "present" else {}
            made.append(changes.change(served.before.views() if served.before else {}, after, served))
            if not made[-1].changed:
                alternative_names.refuse_name(
                    state.real_names, want.netns, "out_interface", want.rule.out_interface, "which no rule matches"
                )
            if (want.rule.family, Gap.TRANSLATION) in served.gaps:
                steps.append(EndFlows(want.netns, want.rule.family, (ended_flows.untranslated(want.rule.source),)))
        return Plan(made, steps)


def _refuse_others(want: Want, state: Translations) -> None:
    """Refuse a translation that another owner has: it is neither changed nor removed."""
    for rule in state.of(want.netns):
        if rule.key == want.rule.key and rule.owner != want.rule.owner:
            out = f" out of {rule.out_interface}" if rule.out_interface else ""
            raise Refused(f"source: {rule.source}{out} is already translated by owner {rule.owner}")
