# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The options that most kinds of objects share, in the form of Ansible's argument specification."""

from __future__ import annotations

import typing as t

#: The specification of each option: ``type``, ``choices``, ``default`` and so on.
Options = dict[str, dict[str, t.Any]]

STATE: dict[str, t.Any] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
NETNS: Options = {"netns": {"type": "str"}}
OWNER: Options = {"owner": {"type": "str", "default": "default"}}
#: Which firewall has the rules.
FIREWALLS = ("auto", "iptables", "nftables")
FIREWALL: t.Final[Options] = {"firewall": {"type": "str", "choices": list(FIREWALLS), "default": "auto"}}
