# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host ports that a process of the host listens on."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.unit.plan.builders import dual, elements, plan
from tests.unit.plan.world import Info, after, empty_info


def _host(*listeners: tuple[str, str, int]) -> Info:
    info = empty_info()
    _listen(info, *listeners)
    return info


def _listen(info: Info, *listeners: tuple[str, str, int]) -> None:
    for protocol, address, port in listeners:
        place = {"protocol": protocol, "address": address, "port": port}
        info["host"]["listeners"].append({**place, "process": "nginx", "pid": 4711})


def _want(*ports: str, **more: t.Any) -> Info:
    return dual({"namespace": "web", "published_ports": list(ports)}, **more)


@pytest.mark.parametrize(
    ("listener", "port"),
    [
        (("tcp", "0.0.0.0", 8080), "8080:80"),
        (("tcp", "0.0.0.0", 8080), "192.0.2.1:8080:80"),
        (("tcp", "0.0.0.0", 8080), "127.0.0.1:8080:80"),
        (("tcp", "192.0.2.1", 8080), "8080:80"),
        (("tcp", "192.0.2.1", 8080), "192.0.2.1:8080:80"),
        (("udp", "127.0.0.53", 53), "53:53/udp"),
        (("tcp", "::", 8080), "8080:80"),
        (("tcp", "::", 8080), "127.0.0.1:8080:80"),
        (("tcp", "2001:db8::1", 8080), "8080:80"),
        (("tcp", "2001:db8::1", 8080), "[2001:db8::1]:8080:80"),
        (("tcp", "0.0.0.0", 8085), "8080-8090:80-90"),
    ],
)
def test_a_port_in_use_is_refused_by_name(listener: tuple[str, str, int], port: str) -> None:
    with pytest.raises(Refused) as error:
        plan(_want(port), _host(listener))
    place = "all addresses" if listener[1] in ("0.0.0.0", "::") else listener[1]
    assert str(error.value).startswith("bridge_network_endpoints[0].published_ports[0]: port ")
    assert str(error.value).endswith(f"is in use: process 4711 (nginx) listens on {place}")


@pytest.mark.parametrize(
    ("listener", "port"),
    [
        (("tcp", "0.0.0.0", 8081), "8080:80"),
        (("udp", "0.0.0.0", 8080), "8080:80"),
        (("tcp", "192.0.2.2", 8080), "192.0.2.1:8080:80"),
        (("tcp", "127.0.0.1", 8080), "192.0.2.1:8080:80"),
        (("tcp", "0.0.0.0", 8080), "[2001:db8::1]:8080:80"),
        (("tcp", "2001:db8::1", 8080), "192.0.2.1:8080:80"),
        (("tcp", "::1", 8080), "8080:80"),
    ],
)
def test_a_listener_that_keeps_its_clients(listener: tuple[str, str, int], port: str) -> None:
    assert plan(_want(port), _host(listener))


def test_a_process_that_cannot_be_seen() -> None:
    info = _host(("tcp", "0.0.0.0", 8080))
    info["host"]["listeners"][0].update(pid=None, process=None)
    with pytest.raises(Refused, match="is in use: a process listens on all addresses"):
        plan(_want("8080:80"), info)


def test_a_routed_port_takes_nothing_on_the_host() -> None:
    assert plan(_want("8080:80", gateway_mode="routed"), _host(("tcp", "0.0.0.0", 8080)))


def test_a_late_listener_does_not_stop_a_network_that_works() -> None:
    info = after(empty_info(), plan(_want("8080:80")))
    _listen(info, ("tcp", "0.0.0.0", 8080), ("tcp", "0.0.0.0", 8081))
    assert plan(_want("8080:80"), info)
    assert plan(_want("8080:81"), info), "the same port of the host leads elsewhere"
    assert plan(_want("127.0.0.1:8080:80"), info), "a part of what was published"
    wider = plan(_want("8080-8081:80-81", "8090:90"), info)
    assert "port 8081/tcp of the host is in use" in wider["problems"][0]["sentence"]
    assert {element["host_port"] for element in elements(wider, "dnat")} == {"8090"}, "that port alone is left out"


def test_a_listener_does_not_keep_a_port_closed_that_a_flush_took_away() -> None:
    info = after(empty_info(), plan(_want("8080:80")))
    info["host"]["rules"] = [rule for rule in info["host"]["rules"] if rule["table"] != "nat"]
    _listen(info, ("tcp", "0.0.0.0", 8080))
    repaired = plan(_want("8080:80"), info)
    assert repaired["problems"] == []
    assert [element["host_port"] for element in elements(repaired, "dnat")] == ["8080", "8080"]
    assert "process 4711 (nginx) listens on all addresses, and gets no connections" in repaired["warnings"][0]
