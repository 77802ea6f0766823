# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What ends the way of a packet."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.authors import Author
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Space


class Reason(t.NamedTuple):
    """A verdict and the sentence that explains it."""

    verdict: str
    where: Space
    what: str
    sentence: str
    text: str | None = None
    by: Author | None = None
