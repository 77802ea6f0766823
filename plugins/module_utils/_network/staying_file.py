# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warns about endpoints that stay without being listed and do not come back at boot.

The file for the boot has the definitions of every run since the network became persistent. Those of endpoints that no
such run listed depend on their own options, which the host does not know.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView


def warnings(draft: Draft, view: HostView) -> t.Iterator[str]:
    network = draft.network
    if not network.persistent:
        return
    lost = {one.namespace for one in staying.endpoints(draft, view) if not view.is_filed(one.namespace, one.interface)}
    if lost:
        yield (
            f"{network.option('persistent')}: endpoints in {staying.shown(lost)} are not listed and do not come back"
            " after a reboot; list them if they are to"
        )
