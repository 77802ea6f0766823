# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published ports with a list of sources: which families get them, what is refused, and what the service restores."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import RESOURCES
from tests.unit.plan.builders import dual, elements, plan, variables
from tests.unit.plan.world import after, empty_info


def _web(port: Any = "8080:80", **more: Any) -> dict[str, Any]:
    return {"namespace": "web", "published_ports": [{"port": port, **more}]}


def _published(*sources: str, port: str = "8080:80", **network: Any) -> dict[str, list[str] | None]:
    """By IP version the sources in the definition for dnat."""
    document = plan(dual(_web(port, allowed_sources=list(sources)), **network))
    return {element["ip_version"]: element.get("allowed_sources") for element in elements(document, "dnat")}


def test_each_version_gets_its_own_sources_and_one_without_any_is_closed() -> None:
    assert _published("198.51.100.0/24", "2001:db8::9", "192.0.2.7") == {
        "ipv4": ["192.0.2.7/32", "198.51.100.0/24"],
        "ipv6": ["2001:db8::9/128"],
    }
    assert _published("198.51.100.0/24") == {"ipv4": ["198.51.100.0/24"]}
    assert _published("2001:db8::/32", port="[2001:db8::1]:8080:80") == {"ipv6": ["2001:db8::/32"]}


def test_sources_that_overlap_are_one_and_everybody_is_no_list() -> None:
    assert _published("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16") == {"ipv4": ["10.0.0.0/8"]}
    assert _published("0.0.0.0/0", "::/0") == {"ipv4": None, "ipv6": None}


def test_the_long_form_without_sources_is_the_short_one() -> None:
    short = plan(dual({"namespace": "web", "published_ports": ["8080:80"]}))
    assert plan(dual(_web()))["modules"] == short["modules"]


_AT = "bridge_network_endpoints[0].published_ports[0]"


@pytest.mark.parametrize(
    ("want", "sentence"),
    [
        (_web(allowed_sources=[]), f"{_AT}.allowed_sources: [] is not allowed: a list of networks and addresses"),
        (_web(allowed_sources=[]), "leave the option out for everybody"),
        (_web(allowed_sources="10.0.0.0/8"), f"{_AT}.allowed_sources: '10.0.0.0/8' is not allowed: a list of networks"),
        (_web(allowed_sources=["10.0.0.1/8"]), f"{_AT}.allowed_sources[0]: '10.0.0.1/8' is not allowed: a network"),
        (_web(allowed_sources=["office"]), f"{_AT}.allowed_sources[0]: 'office' is not allowed"),
        (_web(allowed_sources=["10.0.0.0/8", 7]), f"{_AT}.allowed_sources[1]: 7 is not allowed"),
        (_web(8080, allowed_sources=["10.0.0.0/8"]), f"{_AT}.port: 8080 is not allowed"),
        ({"namespace": "web", "published_ports": [{"allowed_sources": ["10.0.0.0/8"]}]}, f"{_AT}.port is required"),
        (_web(sources=["10.0.0.0/8"]), f"{_AT}.sources"),
        (_web("127.0.0.1:8080:80", allowed_sources=["10.0.0.0/8"]), "only the host itself, which no list concerns"),
        (
            _web("192.0.2.1:8080:80", allowed_sources=["2001:db8::/32"]),
            "at least one IPv4 network, since the port is on",
        ),
        (_web(allowed_sources=["2001:db8::/32"]), "at least one IPv4 network, since the endpoint has no other family"),
    ],
)
def test_what_is_refused(want: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LinuxnetError) as error:
        plan(variables(want))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_list_is_refused_where_the_endpoint_itself_is_open_to_all() -> None:
    with pytest.raises(LinuxnetError, match="which opens the endpoints' own addresses to all"):
        _published("10.0.0.0/8", gateway_mode="nat-unprotected")


def test_the_file_of_the_service_has_the_sources_also_of_those_who_stay() -> None:
    first = plan(dual(_web(allowed_sources=["198.51.100.0/24"]), persistent=True))
    second = plan(dual("db", persistent=True, appends=True), after(empty_info(), first))
    before = network_document.document("br0", "br0", first["modules"], None, RESOURCES)
    both = network_document.document("br0", "br0", second["modules"], before, RESOURCES)
    assert [one["allowed_sources"] for one in both["modules"]["dnat"]] == [["198.51.100.0/24"]]
