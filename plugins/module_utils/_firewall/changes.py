# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The difference between an intent as found and as wanted."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Served

View = dict[str, t.Any]


def change(before: View, after: View, served: Served[t.Any]) -> Change:
    """The attributes if they differ, the rules if only those do.

    :param before: empty if nothing of the object was found
    :param after: empty if it is to be removed
    """
    removed, added = served.removed, served.added
    if not removed and not added:
        return Change(before, before) if before == after or not after else Change(before, after)
    if not after:
        return Change(before or {"rules": removed}, {})
    if before and before == after:
        return Change({**before, "rules": removed}, {**after, "rules": added})
    return Change(before, after)
