# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Omitted values, and sentences that stay short and plain whatever was given."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import read_definitions
from tests.unit.plan.builders import plan, variables


class _OmitType:
    """Like Ansible's."""

    def __repr__(self) -> str:
        return "<<Omit>>"


OMIT = _OmitType()


class _AnsibleTaggedInt(int):
    """Like Ansible's."""


def refused(want: object) -> str:
    with pytest.raises(LinuxnetError) as error:
        plan(want)
    sentence = str(error.value)
    assert len(sentence) < 600
    assert "\n" not in sentence
    assert "Ansible" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("value", "word"),
    [(_AnsibleTaggedInt(3), "a number"), (True, "true or false"), ([], "a list"), ({}, "a dictionary")],
)
def test_kinds_of_values_are_told_in_plain_words(value: object, word: str) -> None:
    for option in ("ipv4_address", "mac_address"):
        assert f"quote it, YAML read it as {word}" in refused(variables({"namespace": "web", option: value}))
    ports = refused(variables({"namespace": "web", "published_ports": [value]}))
    assert f"a published port is a string; quote it, YAML read it as {word}" in ports


def _nested(levels: int) -> list[t.Any]:
    found: list[t.Any] = []
    for _level in range(levels):
        found = [found]
    return found


LONG: dict[str, t.Any] = {
    "text": "x" * 20_000_000,
    "number": 10**5000,
    "digits": "9" * 5000,
    "superscript": "²",
    "nested": _nested(20000),
    "dictionary": {"a" * 99: "b" * 9999},
}


@pytest.mark.parametrize("what", LONG)
@pytest.mark.parametrize(
    "option",
    [
        "mtu",
        "name",
        "ipam_config",
        "endpoints",
        "ports",
        "default_host_ip",
        "icc",
        "gateway_mode",
        "masquerade_address",
    ],
)
def test_what_is_long_is_cut_short(option: str, what: str) -> None:
    refused(variables("web", **{option: LONG[what]}))


@pytest.mark.parametrize("what", ["text", "number", "digits", "nested"])
@pytest.mark.parametrize("option", ["namespace", "pid", "interface", "published_ports", "routes", "sysctls"])
def test_what_is_long_in_an_endpoint_is_cut_short(option: str, what: str) -> None:
    refused(variables({"namespace": "web", option: LONG[what]}))


@pytest.mark.parametrize("option", ["table", "metric"])
@pytest.mark.parametrize("what", ["number", "digits"])
def test_a_number_of_a_route_that_is_none(option: str, what: str) -> None:
    route = {"to": "10.0.0.0/8", option: LONG[what]}
    assert f"routes[0].{option}: " in refused(variables({"namespace": "web", "routes": [route]}))


def test_a_plan_of_too_many_levels() -> None:
    with pytest.raises(LinuxnetError, match="not so many levels"):
        read_definitions("[" * 100_000)


@pytest.mark.parametrize(
    "subnet", ["169.254.0.0/16", "169.254.7.0/24", "169.0.0.0/8", "fe80::/10", "fe80::/64", "fe00::/7", "127.0.0.0/16"]
)
def test_a_subnet_of_addresses_that_are_not_routed(subnet: str) -> None:
    assert "neither loopback nor link-local" in refused(variables("web", ipam_config=[{"subnet": subnet}]))
