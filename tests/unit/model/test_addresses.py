# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses, networks, MAC addresses and ports: what is accepted, what is refused, and how."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid


def test_a_mac_is_put_in_lower_case() -> None:
    assert addresses.mac("mac_address", "02:42:AC:12:00:02") == "02:42:ac:12:00:02"


@pytest.mark.parametrize(
    "value", ["", "02:42", "03:42:ac:12:00:02", "00:00:00:00:00:00", "02-42-ac-12-00-02", "ff:ff:ff:ff:ff:ff"]
)
def test_macs_that_are_refused(value: str) -> None:
    with pytest.raises(Invalid, match="unicast MAC address such as"):
        addresses.mac("mac_address", value)


def test_a_mac_that_yaml_took_for_a_number() -> None:
    with pytest.raises(Invalid, match="quote it"):
        addresses.mac("mac_address", 1893464734)


@pytest.mark.parametrize(
    "value", ["172.18.0.2/16", "172.18.0.1/32", "10.0.0.0/31", "10.0.0.1/31", "fd00:18::/64", "FD00:18::2/64"]
)
def test_addresses_of_interfaces(value: str) -> None:
    assert addresses.interface_address("addresses", value) == ipaddress.ip_interface(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("172.18.0.2", "with prefix length"),
        ("172.18.0.300/16", "with prefix length"),
        ("172.18.0.0/16", "other than the network address"),
        ("172.18.255.255/16", "other than the broadcast address"),
        ("224.0.0.1/4", "unicast"),
        ("fe80::1%eth0/64", "with prefix length"),
        (3232235777, "quote it"),
    ],
)
def test_addresses_that_are_refused(value: object, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        addresses.interface_address("addresses[0]", value)


def test_a_network_with_host_bits_names_the_one_that_was_meant() -> None:
    with pytest.raises(Invalid, match=r"subnet: '172.18.0.1/16' is not allowed: .*did you mean 172\.18\.0\.0/16\?"):
        addresses.network("subnet", "172.18.0.1/16")


@pytest.mark.parametrize("value", [0, 65536, "0", "70000", "20-10", "1-70000", "a", "80:81", "", True, 1.5, None, "-5"])
def test_ports_that_are_refused(value: object) -> None:
    with pytest.raises(Invalid, match="1 to 65535"):
        addresses.port_range("host_port", value)


@given(st.integers(1, 65535), st.integers(1, 65535))
def test_port_ranges_come_back_as_they_were_written(first: int, last: int) -> None:
    low, high = sorted((first, last))
    found = addresses.port_range("host_port", f"{low}-{high}")
    assert (found.first, found.last, found.size) == (low, high, high - low + 1)
    assert addresses.port_range("host_port", str(found)) == found


@given(st.lists(st.text(), min_size=1))
def test_a_derived_mac_is_valid_and_stable(parts: list[str]) -> None:
    mac = addresses.derived_mac(*parts)
    assert addresses.mac("mac_address", mac) == mac == addresses.derived_mac(*parts)
    assert int(mac[:2], 16) & 2, "locally administered"
