# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where programs are looked for."""

from __future__ import annotations

import os

_STANDARD = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")


def search_path() -> str:
    """The PATH of this process and the standard one; never the current directory, which an empty entry means."""
    given = [one for one in os.environ.get("PATH", "").split(":") if one.startswith("/")]
    return ":".join(dict.fromkeys((*given, *_STANDARD)))
