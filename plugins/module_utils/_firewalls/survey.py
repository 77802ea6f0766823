# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chooses the firewall that is inspected. A file of its own spares modules that only write rules the code."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Survey
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.survey import IptablesSurvey


def chosen() -> Survey:
    return IptablesSurvey()
