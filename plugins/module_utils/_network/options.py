# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The options of a network: what the module ``bridge_network`` and the role's variables of the same names take."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import FIREWALL, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits

#: Values that YAML mangles unless they are quoted have type ``raw``: the reader refuses them with a helpful sentence.
OPTIONS: t.Final[Options] = {
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "ipam_config": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "subnet": {"type": "raw", "required": True},
            "gateway": {"type": "raw"},
            "iprange": {"type": "raw"},
            "aux_addresses": {"type": "dict"},
        },
    },
    "enable_ipv6": {"type": "bool", "default": False},
    "address_pools": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"base": {"type": "raw", "required": True}, "size": {"type": "raw", "required": True}},
    },
    "external": {"type": "bool", "default": False},
    "gateway_mode": {"type": "str", "choices": ["nat", "nat-unprotected", "routed"], "default": "nat"},
    "gateway_mode_ipv6": {"type": "str", "choices": ["nat", "nat-unprotected", "routed"]},
    "inhibit_gateway": {"type": "bool", "default": False},
    "internal": {"type": "bool", "default": False},
    "icc": {"type": "bool", "default": True},
    "masquerade": {"type": "bool", "default": True},
    "masquerade_address": {"type": "str"},
    "masquerade_address_ipv6": {"type": "str"},
    "masquerade_protocols": {"type": "str", "choices": ["common", "all"], "default": "common"},
    "trusted_interfaces": {"type": "list", "elements": "str", "default": []},
    "default_host_ip": {"type": "str"},
    "egress": {"type": "str", "choices": ["allow", "deny"], "default": "allow"},
    "forward_policy": {"type": "str", "choices": ["keep", "drop"], "default": "keep"},
    **FIREWALL,
    "mtu": {"type": "raw", "default": "auto"},
    "ports": {"type": "list", "elements": "str", "default": []},
    "ports_force": {"type": "bool", "default": False},
    "proxy_interface": {"type": "str"},
    "endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "namespace": {"type": "raw", "required": True},
            "pid": {"type": "raw"},
            "path": {"type": "raw"},
            "container": {"type": "raw"},
            "engine": {"type": "str", "choices": ["docker", "podman"]},
            "service": {"type": "raw"},
            "interface": {"type": "raw"},
            "host_interface": {"type": "raw"},
            "ipv4_address": {"type": "raw"},
            "ipv6_address": {"type": "raw"},
            "addresses": {"type": "list", "elements": "raw"},
            "mac_address": {"type": "raw"},
            "published_ports": {"type": "list", "elements": "raw"},
            "default_route": {"type": "bool"},
            "routes": {"type": "list", "elements": "dict"},
            "sysctls": {"type": "dict"},
            "guard": {"type": "bool"},
            "egress": {"type": "list", "elements": "raw"},
            **{option: {"type": "raw"} for option in limits.OPTIONS},
            "aliases": {"type": "list", "elements": "raw"},
            "etc_hosts": {"type": "dict"},
            "dns_servers": {"type": "list", "elements": "raw"},
            "dns_search": {"type": "list", "elements": "raw"},
            "dns_options": {"type": "list", "elements": "raw"},
        },
    },
    "names": {"type": "bool", "default": True},
    "appends": {"type": "bool", "default": False},
    "persistent": {"type": "bool", "default": False},
}

#: The options of a call, which apply to all of its networks.
OF_A_CALL: t.Final[Options] = {
    "return_plan": {"type": "bool", "default": False},
    "aggregate": {"type": "list", "elements": "dict"},
}
ARGUMENTS: t.Final[Options] = {**OPTIONS, **OF_A_CALL}
