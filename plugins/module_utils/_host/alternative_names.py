# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Alternative names of interfaces, which no rule of a firewall ever matches: it compares the one real name."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


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
