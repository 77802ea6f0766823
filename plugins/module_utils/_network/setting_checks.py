# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Checks the endpoints' kernel settings before the first change, even those of namespaces that do not exist yet."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import link_settings, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import settings


def check(host: Host, network: Network) -> None:
    """Refuse values that the kernel does not accept, by writing them in a temporary namespace.

    :raises Invalid: naming the option
    """
    by_namespace: dict[str, dict[str, tuple[str, str]]] = {}
    for endpoint in network.endpoints:
        for name, value in {**endpoint.sysctls, **endpoint.interface_sysctls}.items():
            path = sysctls.path_of(name)
            if not link_settings.is_simple(path, value):
                of_one = by_namespace.setdefault(endpoint.namespace, {})
                of_one.setdefault(path, (value, f"{endpoint.path}.sysctls.{name}"))
    if by_namespace and sysctl.writable():
        # Most endpoints have the same settings.
        distinct = {
            tuple((path, value) for path, (value, _option) in of_one.items()): of_one
            for of_one in by_namespace.values()
        }
        settings.refuse(host, list(distinct.values()))
