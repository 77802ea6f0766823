# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warns about default routes of endpoints that stay without being listed.

They depend on the endpoints' own options, which a run that does not list them does not know.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView


def warnings(draft: Draft, view: HostView) -> t.Iterator[str]:
    """Warn about routes that lead nowhere on an internal network, or that may be missing on one that no longer is."""
    network = draft.network
    if network.internal:
        led = {
            one.namespace for one in staying.endpoints(draft, view) if one.interface in _leading(one.namespace, view)
        }
        if led:
            yield (
                f"{network.option('internal')}: endpoints in {staying.shown(led)} are not listed and keep their default"
                " routes, on which nothing passes now; list them to remove these"
            )
    elif view.is_internal:
        lost = {one.namespace for one in staying.endpoints(draft, view) if not _leading(one.namespace, view)}
        if lost:
            yield (
                f"{network.option('internal')}: endpoints in {staying.shown(lost)} are not listed and get no default"
                " routes; list them if they are to have some"
            )


def _leading(namespace: str, view: HostView) -> set[str]:
    """The interfaces of a namespace's default routes."""
    return {str(route["interface"]) for route in view.inner_default_routes(namespace)}
