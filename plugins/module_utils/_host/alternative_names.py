# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Alternative names of interfaces, which no firewall rule ever matches, and no other interface can have.

Options with such a name are refused with the real one, whatever the state.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

#: The real names, by namespace and alternative name.
RealNames = t.Mapping[tuple[t.Optional[str], str], str]


def refuse(host: Host, named: t.Iterable[tuple[str | None, str, str | None]]) -> None:
    """Refuse rules for interfaces given by alternative names.

    :param named: the namespaces, and the options with interfaces, optionally with a leading ``!``
    """
    asked = list(named)
    real = real_names(host, ((ref, name) for ref, _option, name in asked))
    for ref, option, name in asked if real else ():
        refuse_name(real, ref, option, name, "which no rule would match")


def real_names(host: Host, named: t.Iterable[tuple[str | None, str | None]]) -> RealNames:
    """The real names of interfaces given by alternative names, optionally with a leading ``!``."""
    by_space: dict[str | None, dict[str, None]] = {}
    for ref, name in named:
        if name:
            by_space.setdefault(ref, {})[name.lstrip("!")] = None
    found = {}
    for ref, names in by_space.items():
        for name, real in host.run(ref, functools.partial(dumps.real_names, tuple(names))).items():
            if real != name:
                found[ref, name] = real
    return found


def refuse_name(real: RealNames, ref: str | None, option: str, name: str | None, why: str = "") -> None:
    """Refuse a name if it is an alternative one."""
    given = (name or "").lstrip("!")
    if (ref, given) in real:
        raise Refused(_sentence(option, given, real[ref, given], why))


def refuse_links(links: Links, named: t.Iterable[tuple[str, str]]) -> None:
    """Refuse alternative names of links in the namespace.

    The kernel finds the link by such a name and returns its real one.

    :param named: options with their names
    """
    real = {other: link.name for link in links.values() for other in link.alternatives}
    for option, name in named if real else ():
        if name in real:
            raise Refused(_sentence(option, name, real[name]))


def _sentence(option: str, name: str, real: str, why: str = "") -> str:
    return f"{option}: {name!r} is an alternative name of interface {real}{f', {why}' if why else ''}; use {real}"
