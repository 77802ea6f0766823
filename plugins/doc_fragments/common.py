# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of C(module_utils/_spec.py) that modules share: O(owner) and O(netns)."""

from __future__ import annotations


class ModuleDocFragment:
    # Needs nothing more than the standard library and iptables.
    DOCUMENTATION = r"""
options: {}
notes:
  - An owner is a word of your choice for whoever wants a thing to be there, such as a service or a team. What these modules
    make carries it on the host - in an interface's alias, in a rule's comment, in a file below C(/run/linuxnet) for a
    namespace. By this mark a later call with the same owner finds what is its own. It changes and removes that alone, and
    refuses what is another owner's. Give all calls that belong together one owner, for example by C(module_defaults) of the
    group C(netplumb.linuxnet.linuxnet); without one, things belong to the owner V(default). The role takes the network's name.
requirements:
  - root, or CAP_NET_ADMIN and CAP_SYS_ADMIN over the network namespaces concerned
  - Python 3.9 or newer on the target
"""

    NETLINK = r"""
options: {}
requirements:
  - pyroute2 0.5.14 or newer on the target
"""

    IPTABLES = r"""
options: {}
requirements:
  - iptables 1.8 or newer on the target, either backend (nf_tables or legacy), with ip6tables where IPv6 is managed
"""
