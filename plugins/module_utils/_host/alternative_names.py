# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Alternative names of interfaces: no rule of a firewall ever matches one, and no other interface can have it."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links


def refuse(host: Host, named: t.Iterable[tuple[str | None, str, str | None]]) -> None:
    """Refuse rules for interfaces that are called by another name than their own.

    :param named: the namespaces, and the options with the interfaces that they name, maybe with ``!`` in front
    """
    by_space: dict[str | None, dict[str, str]] = {}
    for ref, option, name in named:
        if name:
            by_space.setdefault(ref, {}).setdefault(name.lstrip("!"), option)
    for ref, options in by_space.items():
        real = host.run(ref, functools.partial(dumps.real_names, tuple(options)))
        for name, option in options.items():
            if real.get(name, name) != name:
                raise Refused(
                    f"{option}: {name!r} is an alternative name of interface {real[name]}, which no rule would match;"
                    f" say {real[name]}"
                )


def refuse_links(links: Links, named: t.Iterable[tuple[str, str]]) -> None:
    """Refuse names that a link of the namespace is called by beside its own.

    The kernel finds the link by such a name and tells of it by its own.

    :param named: options with the names that they give
    """
    real = {other: link.name for link in links.values() for other in link.alternatives}
    for option, name in named if real else ():
        if name in real:
            raise Refused(f"{option}: {name!r} is an alternative name of interface {real[name]}; say {real[name]}")
