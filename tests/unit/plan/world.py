# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on paper: what ``netns_info`` returns for it, and what it would return after a plan was applied.

This does not imitate a kernel. The modules are tested on the real one; this only turns a plan into the input of the
next, so that planning twice can be tested without a kernel.
"""

from __future__ import annotations

import copy
import ipaddress
import typing as t
import zlib

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits, marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER

Info = dict[str, t.Any]


def empty_info(**forwarding: bool | None) -> Info:
    """A host with nothing but ``lo``; forwarding is off in both families unless given."""
    return {
        "host": {
            "interfaces": [interface("lo", addresses=["127.0.0.1/8", "::1/128"], kind=None)],
            "routes": [],
            "policy_rules": [],
            "settings_writable": True,
            "firewalls": ["iptables", "nftables"],
            "neighbours": [],
            "rules": [],
            "rules_unread": [],
            "empty_chains": [],
            "emptied": [],
            "other_rules": {
                "translations": [],
                "native_translations": [],
                "backends": [],
                "dropping": [],
                "strict_forward_ports": False,
            },
            "ip_forward": {"ipv4": False, "ipv6": False, **forwarding},
            "bridge_nf": {"ipv4": False, "ipv6": False},
            "limits": {"neighbours": {"ipv4": 1024, "ipv6": 1024}, "backlog": 1000},
            "listeners": [],
            "persistent": {},
            "machine_id": "0123456789abcdef0123456789abcdef",
            "unmanaged_links": {},
            "names": {},
            "names_left_alone": {},
            "resolvers": {},
            "resolver": {"servers": [], "search": [], "options": [], "upstream": []},
        },
        "namespaces": [],
    }


def interface(name: str, **values: t.Any) -> Info:
    """An interface as ``netns_info`` returns it; ``addresses`` are CIDR strings."""
    addresses = [_address(text) for text in values.pop("addresses", ())]
    alias = values.get("alias")
    mark = marks.parse_alias(alias)
    return {
        "name": name,
        "index": 1,
        "kind": None,
        "enabled": True,
        "mtu": 1500,
        "mac_address": None,
        "alias": alias,
        "owner": mark.owner if mark else None,
        "endpoint": (mark.namespace or None) if mark else None,
        "group": 0,
        "bridge": None,
        "addresses": addresses,
        "peer": None,
        "port": None,
        "port_owner": None,
        "bandwidth": None,
        **values,
    }


def _address(text: str) -> Info:
    version = ipaddress.ip_interface(text).version
    return {"address": text, "ip_version": f"ipv{version}", "scope": "global", "dynamic": False}


def route(to: str, dev: str, **values: t.Any) -> Info:
    """A route of the main table."""
    version = 6 if ":" in to or ":" in (values.get("via") or "") else 4
    return {
        "to": to,
        "via": None,
        "interface": dev,
        "metric": 0,
        "table": "main",
        "type": "unicast",
        "src": None,
        "protocol": "static",
        "scope": "global",
        "ip_version": f"ipv{version}",
        **values,
    }


def namespace(name: str, **values: t.Any) -> Info:
    """A namespace as ``netns_info`` returns it."""
    return {
        "name": name,
        "path": f"/run/netns/{name}",
        "live": True,
        "device": 4,
        "inode": zlib.crc32(name.encode()),
        "owners": [],
        "attached": False,
        "leases": {},
        "pids": [],
        "interfaces": [interface("lo", addresses=["127.0.0.1/8", "::1/128"])],
        "routes": [],
        "neighbours": [],
        **values,
    }


def after(info: Info, plan: Info) -> Info:
    """The host after the plan was applied."""
    world = World(info, plan["owner"])
    for module in ORDER[plan["state"]]:
        elements = sorted(plan["modules"][module], key=lambda element: element["state"] != "absent")
        for element in elements:
            getattr(world, f"{module}_{element['state']}")(element)
    return world.info


class World:
    """The host while a plan is applied, with one method for each module and state."""

    def __init__(self, info: Info, owner: str) -> None:
        self.info = copy.deepcopy(info)
        self.owner = owner
        self.host = self.info["host"]

    def _find(self, name: str, within: list[Info] | None = None) -> Info | None:
        items = self.host["interfaces"] if within is None else within
        return next((item for item in items if item["name"] == name), None)

    def _get(self, name: str, within: list[Info] | None = None) -> Info:
        found = self._find(name, within)
        assert found, f"{name} is used before it is made"
        return found

    def _namespace(self, name: str) -> Info:
        return self._get(name, self.info["namespaces"])

    def _drop_link(self, end: Info) -> None:
        self.host["interfaces"].remove(end)
        self.host["routes"] = [item for item in self.host["routes"] if item["interface"] != end["name"]]
        peer = end["peer"]
        if peer:
            inner = self._namespace(peer["netns"])
            inner["interfaces"] = [item for item in inner["interfaces"] if item["name"] != peer["name"]]
            inner["routes"] = [item for item in inner["routes"] if item["interface"] != peer["name"]]

    def bridge_present(self, element: Info) -> None:
        found = self._find(element["name"])
        if not found:
            alias = marks.alias(self.owner)
            found = interface(element["name"], kind="bridge", alias=alias, group=marks.group(self.owner), enabled=False)
            self.host["interfaces"].append(found)
        assert found["kind"] == "bridge"
        found["mtu"] = element["mtu"]

    def bridge_absent(self, element: Info) -> None:
        found = self._find(element["name"])
        assert found
        assert found["owner"] == self.owner, "a foreign bridge is removed"
        self._drop_link(found)
        for port in self.host["interfaces"]:
            if port["bridge"] == element["name"]:
                port["bridge"] = None

    def _replace_rule(self, rule: Info, *key: str) -> None:
        """Replace the rule with the same key; one without an owner only removes it."""

        def same(other: Info) -> bool:
            return other["kind"] == rule["kind"] and all(other[word] == rule.get(word) for word in key)

        taken = [other for other in self.host["rules"] if same(other)]
        assert all(other["owner"] == self.owner for other in taken), "a key of another owner is written"
        self.host["rules"] = [other for other in self.host["rules"] if not same(other)]
        if "owner" in rule:
            self.host["rules"].append(rule)

    def bridge_forward_present(self, element: Info) -> None:
        place = {"ip_version": "ipv4", "table": "filter"}
        rule = {**place, "kind": "forward", "owner": self.owner, "bridge": element["bridge"]}
        self._replace_rule(rule, "bridge")

    def bridge_forward_absent(self, element: Info) -> None:
        self._replace_rule({"kind": "forward", "bridge": element["bridge"]}, "bridge")

    def masquerade_present(self, element: Info) -> None:
        rule = {word: element.get(word) for word in ("source", "out_interface", "to_source")}
        version = "ipv6" if ":" in element["source"] else "ipv4"
        self._replace_rule(
            {**rule, "ip_version": version, "table": "nat", "kind": "masquerade", "owner": self.owner},
            "source",
            "out_interface",
        )

    def masquerade_absent(self, element: Info) -> None:
        self._replace_rule({**element, "kind": "masquerade"}, "source", "out_interface")

    def dnat_present(self, element: Info) -> None:
        words = ("ip_version", "protocol", "host_ip", "host_port", "to_address", "to_port", "gateway_mode")
        rule = {**{word: element.get(word) for word in words}, "kind": "dnat", "owner": self.owner}
        rule["table"] = "nat"
        plain = ("kind", "owner", "ip_version", "protocol", "host_ip", "host_port")
        # A translation of the same port goes, whatever endpoint it led to.
        self.host["rules"] = [
            other
            for other in self.host["rules"]
            if other.get("gateway_mode") != "nat" or any(other.get(word) != rule[word] for word in plain)
        ]
        self._replace_rule(rule, *_dnat_key(element))

    def dnat_absent(self, element: Info) -> None:
        self._replace_rule({**element, "kind": "dnat"}, *_dnat_key(element))

    def netns_present(self, element: Info) -> None:
        found = self._find(element["name"], self.info["namespaces"])
        if not found:
            attached = any(word in element for word in ("pid", "path", "container"))
            found = namespace(element["name"], owners=[self.owner], attached=attached)
            self.info["namespaces"].append(found)
        elif found["owners"] and self.owner not in found["owners"]:
            found["owners"].append(self.owner)

    def netns_absent(self, element: Info) -> None:
        found = self._namespace(element["name"])
        found["owners"].remove(self.owner)
        found["leases"].pop(self.owner, None)
        if found["owners"]:
            return
        for end in list(self.host["interfaces"]):
            if end["peer"] and end["peer"]["netns"] == element["name"]:
                assert not found["attached"], "the module veth removes the links of an attached namespace, and earlier"
                self._drop_link(end)
        self.info["namespaces"].remove(found)

    def veth_present(self, element: Info) -> None:
        place = {"netns": element["peer_netns"], "name": element["peer_name"]}
        inner = self._namespace(place["netns"])
        end = self._find(element["name"])
        if end is None:
            end = next((item for item in self.host["interfaces"] if item["peer"] == place), None)
        if end is None:
            end = interface(element["name"], kind="veth")
            self.host["interfaces"].append(end)
            assert not self._find(place["name"], inner["interfaces"]), "an interface of that name is inside"
            inner["interfaces"].append(interface(place["name"], peer={"netns": None, "name": element["name"]}))
        elif end["peer"] != place:
            old = self._namespace(end["peer"]["netns"])
            moved = self._get(end["peer"]["name"], old["interfaces"])
            old["interfaces"].remove(moved)
            old["routes"] = [item for item in old["routes"] if item["interface"] != moved["name"]]
            moved["name"] = place["name"]
            inner["interfaces"].append(moved)
        alias = marks.alias(self.owner, place["netns"])
        end.update(
            interface(
                element["name"],
                alias=alias,
                peer=place,
                mtu=element["mtu"],
                kind="veth",
                bridge=end["bridge"],
                group=marks.group(self.owner),
            )
        )

    def veth_absent(self, element: Info) -> None:
        found = self._find(element["name"])
        assert found
        assert found["owner"] == self.owner, "a foreign link is removed"
        self._drop_link(found)

    def unmanaged_links_present(self, element: Info) -> None:
        directory = "/etc" if element["persistent"] else "/run"
        self.host["unmanaged_links"][self.owner] = {f"{directory}/systemd/network/x": element["interfaces"]}

    def unmanaged_links_absent(self, element: Info) -> None:
        del self.host["unmanaged_links"][element["owner"]]

    def netns_names_present(self, element: Info) -> None:
        named = {
            "namespaces": [one["name"] for one in element["namespaces"]],
            "hosts": list(element["hosts"]),
            "own": {
                one["name"]: {option: value for option, value in one.items() if option != "name"}
                for one in element["namespaces"]
                if len(one) > 1
            },
        }
        self.host["names"].pop(self.owner, None)
        if named["namespaces"]:
            self.host["names"][self.owner] = [named]

    def netns_names_absent(self, element: Info) -> None:
        del self.host["names"][element["owner"]]

    def bandwidth_present(self, element: Info) -> None:
        end = self._get(element["interface"])
        end["bandwidth"] = {option: element.get(option) for option in limits.OPTIONS}
        device = names.limiting_device(element["interface"])
        found = self._find(device)
        if found and "egress_rate" not in element:
            self.host["interfaces"].remove(found)
        elif not found and "egress_rate" in element:
            alias = marks.alias(self.owner, element["interface"])
            self.host["interfaces"].append(interface(device, kind="ifb", alias=alias, endpoint=None))

    def bandwidth_absent(self, element: Info) -> None:
        end, found = self._find(element["interface"]), self._find(names.limiting_device(element["interface"]))
        if end:
            end["bandwidth"] = None
        if found:
            self.host["interfaces"].remove(found)

    def port_guard_present(self, element: Info) -> None:
        self.port_guard_absent(element)
        rule = {
            "ip_version": "ipv4",
            "table": "bridge linuxnet",
            "chain": "guarded",
            "kind": "guard",
            "owner": self.owner,
            "interface": element["interface"],
            "text": "",
        }
        self.host["rules"].append(rule)

    def port_guard_absent(self, element: Info) -> None:
        self.host["rules"] = [
            rule
            for rule in self.host["rules"]
            if (rule["kind"], rule.get("interface")) != ("guard", element["interface"])
        ]

    def bridge_port_present(self, element: Info) -> None:
        port = self._get(element["interface"])
        port["bridge"] = element["bridge"]
        if port["owner"] != self.owner:
            port["port_owner"] = self.owner

    def bridge_port_absent(self, element: Info) -> None:
        port = self._get(element["interface"])
        assert (port["bridge"], port["port_owner"]) == (element["bridge"], self.owner), "a foreign port is taken off"
        port.update(bridge=None, port_owner=None)

    def interface_present(self, element: Info) -> None:
        place = self._namespace(element["netns"]) if "netns" in element else self.host
        found = self._find(element["name"], place["interfaces"])
        assert found, f"{element['name']} is configured before it is made"
        found["enabled"] = True
        if "addresses" not in element:
            return
        found["addresses"] = [_address(text) for text in element["addresses"]]
        place["routes"] = [item for item in place["routes"] if item["interface"] != element["name"]]
        for text in element["addresses"]:
            target = str(ipaddress.ip_interface(text).network)
            place["routes"].append(route(target, element["name"], protocol="kernel"))
        place["routes"] += [
            route(item["to"], element["name"], via=item.get("via")) for item in element.get("routes", ())
        ]
        if "netns" in element and place["owners"]:
            place["leases"].setdefault(self.owner, {})[element["name"]] = list(element["addresses"])

    def ip_forward_enabled(self, element: Info) -> None:
        self.host["ip_forward"][element["ip_version"]] = True


def _dnat_key(element: Info) -> tuple[str, ...]:
    """A routed port may be open at several endpoints."""
    key = ("ip_version", "protocol", "host_ip", "host_port")
    return (*key, "to_address") if element.get("gateway_mode") == "routed" else key


def settled(info: Info) -> Info:
    """The host without what stays on purpose: forwarding, which others may rely on."""
    found = copy.deepcopy(info)
    del found["host"]["ip_forward"]
    return found
