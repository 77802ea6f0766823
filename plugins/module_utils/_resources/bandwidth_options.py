# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is asked of the limits of an interface, checked."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import Rate

OPTIONS: Options = {
    "interface": {"type": "str"},
    "state": STATE,
    **NETNS,
    **OWNER,
    **{option: {"type": "raw"} for option in limits.OPTIONS},
}


class Want(Value):
    state: str
    owner: str
    netns: str | None
    interface: str
    #: By direction; one that is missing is not limited.
    rates: t.Mapping[str, Rate]


def want(options: t.Mapping[str, t.Any]) -> Want:
    found = Want(
        state=options["state"],
        owner=names.owner_name("owner", options["owner"]),
        netns=names.namespace_ref("netns", options["netns"]),
        interface=names.interface_name("interface", options["interface"]),
        rates=limits.given_rates("", options),
    )
    if found.state == "absent":
        return found.but(rates={})
    if not found.rates:
        raise Missing("ingress_rate or egress_rate", "a rate, unless state is absent")
    return found
