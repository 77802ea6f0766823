# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Libraries that not every run needs. Loading them only when needed saves a tenth of a small run."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError


def netaddr() -> t.Any:
    """netaddr, which finds free addresses and subnets."""
    try:
        import netaddr as library
    except ImportError as error:
        raise LinuxnetError(f"the Python library netaddr cannot be loaded on the host: {error}") from error
    return library
