# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A whole plan, as docs/plan.md describes it: which of its definitions are yet to be brought about."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Outcome, Resource, converge
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import netlink
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Invalid, LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge import Bridge
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_forward import BridgeForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port import BridgePort
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.dnat import Dnat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface import Interface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.ip_forward import IpForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.masquerade import Masquerade
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns import Netns
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth import Veth
from ansible_collections.netplumb.linuxnet.plugins.module_utils._spec import complete

Definitions = dict[str, list[dict[str, t.Any]]]

#: By the name of its module every kind of object, in the order in which a network is built.
RESOURCES: dict[str, Resource] = {
    "bridge": Bridge(),
    "bridge_forward": BridgeForward(),
    "masquerade": Masquerade(),
    "dnat": Dnat(),
    "netns": Netns(),
    "veth": Veth(),
    "bridge_port": BridgePort(),
    "interface": Interface(),
    "ip_forward": IpForward(),
}

#: What changes with the object that it belongs to, beyond what can be foretold: all that comes after it.
_CARRIES = {
    "bridge": tuple(RESOURCES),
    "netns": ("veth", "bridge_port", "interface", "ip_forward"),
    "veth": ("bridge_port", "interface", "ip_forward"),
}


def definitions_of(modules: object) -> Definitions:
    """The definitions of a plan by module, checked in form; raises Invalid."""
    if not isinstance(modules, t.Mapping) or not set(modules) <= set(RESOURCES):
        raise Invalid("modules", modules, f"a dictionary with lists of definitions for {', '.join(RESOURCES)}")
    for name, listed in modules.items():
        if not isinstance(listed, list):
            raise Invalid(f"modules.{name}", listed, "a list of definitions")
    return {name: list(modules.get(name, ())) for name in RESOURCES}


def pending(host: Host, owner: str, modules: Definitions) -> Definitions:
    """Of the definitions of each module those that would change something, by a host in check mode.

    All of a module's where it would fail, so that it is called and says why; all, too, where what their objects belong
    to is changed in place (a namespace re-pointed, a veth end moved), which shows only once that is done.
    """
    found: Definitions = {}
    whole: set[str] = set()
    for name, definitions in modules.items():
        outcome = _foretold(host, RESOURCES[name], owner, name, definitions) if definitions else None
        if outcome is None or name in whole:
            found[name] = definitions
            continue
        found[name] = [one for one, change in zip(definitions, outcome.changes) if change.changed]
        if any(change.changed and change.before and change.after for change in outcome.changes):
            whole.update(_CARRIES.get(name, ()))
    return found


def _foretold(host: Host, resource: Resource, owner: str, name: str, definitions: t.Sequence[t.Any]) -> Outcome | None:
    """What would become of a module's definitions; None where it would fail."""
    heard = len(host.warnings)
    options = {**resource.options, "owner": {"type": "str", "default": owner}}
    checked = [
        (where, complete(options, definition, where))
        for where, definition in ((f"modules.{name}[{number}].", one) for number, one in enumerate(definitions))
    ]
    try:
        outcome = converge(host, resource, checked)
    except Invalid:
        raise
    except (LinuxnetError, *netlink.refusals()):
        return None
    if outcome.changed:
        # The module will be called and warn itself.
        del host.warnings[heard:]
    return outcome
