# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds the endpoints of networks to an inventory as hosts, from the variable that defines the networks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: netns
short_description: Endpoints of bridge networks as hosts
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes a host C(NAMESPACE.HOST) of each namespace that the variable C(bridge_networks) of a host names, the one that the
    playbook P(netplumb.linuxnet.bridge_network#role) takes. Tasks for it run inside the namespace, by the become plugin
    P(netplumb.linuxnet.netns#become), over the connection to C(HOST).
  - Reads the hosts and groups of the inventory sources before it. No connection is made.
  - Each such host is in the groups C(netns), C(network_NETWORK) for each of its networks, and C(host_HOST).
  - A host has the variables C(netns_host), the name of the host that it is on, and C(netns_networks), a dictionary that has for each
    network C(interface) and what was given of C(ipv4_address), C(ipv6_address) and C(addresses).
  - All variables of C(HOST) whose names begin with C(ansible_) are taken over, but for those of privilege escalation. If
    C(HOST) has C(ansible_become) with C(sudo) or C(doas), root is gained by it, with its program, flags and password.
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [netplumb.linuxnet.netns]
  via:
    description:
      - How a login that is not root becomes root, as the option of that name of P(netplumb.linuxnet.netns#become).
      - If omitted, by what C(HOST) has in C(ansible_netns_via), or in C(ansible_become) and C(ansible_become_method).
    type: str
    choices: [none, sudo, doas]
  use_vars_plugins:
    description: Whether variables of C(group_vars) and C(host_vars) beside the inventory sources count as well.
    type: bool
    default: true
notes:
  - A source of this plugin is a file whose name ends with C(netns.yml) or C(netns.yaml), and stands after the sources of the hosts.
seealso:
  - plugin: netplumb.linuxnet.netns
    plugin_type: become
"""

EXAMPLES = r"""
# inventory/hosts.yml: two hosts with a network of two endpoints
servers:
  hosts:
    alpha:
    beta:
  vars:
    bridge_networks:
      - name: br-shop
        ipam_config:
          - subnet: 172.18.0.0/16
        endpoints:
          - namespace: web
          - namespace: db
            ipv4_address: 172.18.0.10

# inventory/netns.yml: web.alpha, db.alpha, web.beta and db.beta, the databases in a group
plugin: netplumb.linuxnet.netns
groups:
  databases: "'br-shop' in netns_networks and inventory_hostname.startswith('db.')"

# ansible -i inventory network_br_shop -m ansible.builtin.ping
"""

import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.inventory.host import Host
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

_VARIABLE = "bridge_networks"
_METHOD = "netplumb.linuxnet.netns"
_GIVEN = ("ipv4_address", "ipv6_address", "addresses")
_PASSWORDS = ("ansible_become_password", "ansible_become_pass")
#: Variables of a host for becoming root, and the options of the become plugin they stand for.
_VIA = {
    "sudo": {"ansible_sudo_exe": "exe", "ansible_sudo_flags": "flags", "ansible_sudo_pass": "pass"},
    "doas": {"ansible_doas_exe": "exe", "ansible_doas_flags": "flags", "ansible_doas_pass": "pass"},
}


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Adds the namespaces of hosts that are already in the inventory."""

    NAME = "netplumb.linuxnet.netns"

    def verify_file(self, path: str) -> bool:
        """Whether the file's name is that of a source of this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("netns.yml", "netns.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Read the hosts so far, and add their namespaces."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        found = False
        for host in list(inventory.hosts.values()):
            variables = self._variables_of(host)
            if _VARIABLE in variables and "netns_host" not in variables:
                found = True
                self._add_namespaces(host.name, variables)
        if not found:
            self.display.warning(f"{path}: no host of the inventory sources before it has the variable {_VARIABLE}")

    def _variables_of(self, host: Host) -> dict[str, t.Any]:
        groups = host.get_groups()
        found = combine_vars(get_group_vars(groups), self._files_of(groups))
        found = combine_vars(found, host.get_vars())
        found = combine_vars(found, self._files_of([host]))
        return {**found, "inventory_hostname": host.name}

    def _files_of(self, entities: list[t.Any]) -> dict[str, t.Any]:
        if not self.get_option("use_vars_plugins"):
            return {}
        sources = self.inventory.processed_sources
        return dict(get_vars_from_inventory_sources(self.loader, sources, entities, "all"))

    def _add_namespaces(self, host: str, variables: dict[str, t.Any]) -> None:
        self.templar.available_variables = variables
        way = {name: self._told(host, name, value) for name, value in variables.items() if _is_of_connection(name)}
        way.setdefault("ansible_host", host)
        way.update(self._becoming(host, variables))
        for namespace, networks in self._namespaces(host, variables).items():
            name = f"{namespace}.{host}"
            self.inventory.add_host(name)
            values = {**way, "ansible_netns": namespace, "netns_host": host, "netns_networks": networks}
            for variable, value in values.items():
                self.inventory.set_variable(name, variable, value)
            for group in ("netns", f"host_{host}", *(f"network_{network}" for network in networks)):
                self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), name)
            self._construct(name)

    def _construct(self, name: str) -> None:
        strict = self.get_option("strict")
        magic = {"inventory_hostname": name}
        self._set_composite_vars(self.get_option("compose"), self._seen(name) | magic, name, strict=strict)
        seen = self._seen(name) | magic
        self._add_host_to_composed_groups(self.get_option("groups"), seen, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), seen, name, strict=strict)

    def _seen(self, name: str) -> dict[str, t.Any]:
        return dict(self.inventory.get_host(name).get_vars())

    def _told(self, host: str, name: str, value: t.Any) -> t.Any:
        """A value, templated for the host itself, since for its namespaces a template may have another result.

        A template that needs something only known in a play, such as ansible_playbook_python, stays one.
        """
        if not self.templar.is_template(value):
            return value
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            if name == _VARIABLE or self.get_option("strict"):
                raise AnsibleParserError(f"host {host}: {name}: {error}") from error
            return value

    def _becoming(self, host: str, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """The variables for entering a namespace, and for becoming root before."""
        own = {name: self._told(host, name, value) for name, value in variables.items() if name.startswith("ansible_")}
        via = self.get_option("via") or own.get("ansible_netns_via")
        if via is None and own.get("ansible_become"):
            via = str(own.get("ansible_become_method", "sudo")).removeprefix("ansible.builtin.")
            via = via.removeprefix("community.general.")
            if via not in _VIA:
                raise AnsibleParserError(
                    f"host {host}: ansible_become_method {via!r} does not lead into namespaces; sudo or doas, or set via"
                )
        found = {"ansible_become": True, "ansible_become_method": _METHOD, "ansible_netns_via": via or "none"}
        if via in _VIA:
            general = {
                "ansible_become_exe": "exe",
                "ansible_become_flags": "flags",
                **dict.fromkeys(_PASSWORDS, "pass"),
            }
            for name, word in (general | _VIA[via]).items():
                if name in own:
                    found["ansible_netns_pass" if word == "pass" else f"ansible_netns_via_{word}"] = own[name]
        return found

    def _namespaces(self, host: str, variables: dict[str, t.Any]) -> dict[str, dict[str, dict[str, t.Any]]]:
        """The networks of each namespace, with its interface and given addresses on each."""
        networks = self._told(host, _VARIABLE, variables[_VARIABLE])
        found: dict[str, dict[str, dict[str, t.Any]]] = {}
        for index, network in enumerate(_list(host, _VARIABLE, networks)):
            place = f"{_VARIABLE}[{index}]"
            name = _key(host, place, network, "name")
            if network.get("state", "present") == "absent":
                continue
            endpoints = _list(host, f"{place}.endpoints", network.get("endpoints") or [])
            for number, endpoint in enumerate(endpoints):
                namespace = _key(host, f"{place}.endpoints[{number}]", endpoint, "namespace")
                given = {word: endpoint[word] for word in _GIVEN if endpoint.get(word) is not None}
                found.setdefault(namespace, {})[name] = {"interface": endpoint.get("interface", "eth0"), **given}
        return found


def _is_of_connection(name: str) -> bool:
    return name.startswith("ansible_") and not name.startswith(
        ("ansible_become", "ansible_netns", "ansible_sudo_", "ansible_doas_")
    )


def _list(host: str, place: str, value: t.Any) -> list[t.Any]:
    if not isinstance(value, list):
        raise AnsibleParserError(f"host {host}: {place}: a list is required")
    return value


def _key(host: str, place: str, value: t.Any, key: str) -> str:
    if not isinstance(value, dict) or not isinstance(value.get(key), str):
        raise AnsibleParserError(f"host {host}: {place}: a dictionary with {key} is required")
    return str(value[key])
