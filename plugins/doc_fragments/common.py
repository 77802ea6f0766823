# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules share: the options O(owner) and O(netns), as in C(module_utils/_core/options.py), and requirements."""

from __future__ import annotations


class ModuleDocFragment:
    # Needs nothing more than the standard library and iptables.
    DOCUMENTATION = r"""
options: {}
requirements:
  - root, or CAP_NET_ADMIN and CAP_SYS_ADMIN over the network namespaces concerned
  - Python 3.9 or newer on the target
"""

    OWNER = r"""
options:
  owner:
    description:
      - A label stored on everything this task creates, in the alias of an interface, the comment of a rule or a file below
        C(/run/linuxnet). Only objects with the same label are changed or removed; objects of another owner are refused.
      - 1 to 64 characters out of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - Give all tasks that belong together the same owner, for example with C(module_defaults) for the group
        C(netplumb.linuxnet.linuxnet). M(netplumb.linuxnet.bridge_network) uses the name of the network.
    type: str
    default: default
"""

    NETNS = r"""
options:
  netns:
    description:
      - The network namespace to work in, a name such as V(web) or an absolute path such as V(/proc/1234/ns/net).
      - If omitted, the host's own namespace.
    type: str
"""

    FIREWALL = r"""
options:
  firewall:
    description:
      - The firewall that has the rules. V(iptables) is iptables with either of its backends, V(nftables) a table of its own, C(inet linuxnet),
        for which only C(nft) 1.0.1 or newer is needed.
      - V(auto) keeps the firewall in which the owner has rules. Without any, it is V(iptables) if that is installed, otherwise V(nftables).
      - When the value changes, the rules are first created in the new firewall and then removed from the other one. Connections continue.
    type: str
    choices: [auto, iptables, nftables]
    default: auto
"""

    NETLINK = r"""
options: {}
requirements:
  - pyroute2 0.5.14 or newer on the target
"""

    IPTABLES = r"""
options: {}
requirements:
  - iptables 1.8 or newer on the target, either backend (nf_tables or legacy), with ip6tables if IPv6 is managed; or nftables 1.0.1 or newer
"""
