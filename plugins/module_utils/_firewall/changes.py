# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What differs between an intent as it is there and as it is wanted."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Served

View = dict[str, t.Any]


def change(before: View, after: View, served: Served[t.Any]) -> Change:
    """Attributes where they differ, the rules themselves where only those do.

    :param before: empty where nothing of the object was found
    :param after: empty where it shall be gone
    """
    removed, added = served.removed, served.added
    if not removed and not added:
        return Change(before, before) if before == after or not after else Change(before, after)
    if not after:
        return Change(before or {"rules": removed}, {})
    if before and before == after:
        return Change({**before, "rules": removed}, {**after, "rules": added})
    return Change(before, after)
