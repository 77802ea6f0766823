# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names are refused, and the derived name of a host end."""

from __future__ import annotations

import fnmatch
import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid


@pytest.mark.parametrize("name", ["eth0", "br-shop", "br.5", "0", "v" * 15, "ü1"])
def test_interface_names_that_the_kernel_takes(name: str) -> None:
    assert names.interface_name("name", name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "v" * 16, "a b", "a/b", "a:b", "a\tb", "br+", "eth%d", "!br0", "-x", 'a"b', "ü" * 8, 7, None],
)
def test_interface_names_that_are_refused(name: object) -> None:
    with pytest.raises(Invalid, match="^interface: "):
        names.interface_name("interface", name)


@pytest.mark.parametrize("name", ["web", "1234", "a.b", "x" * 255])
def test_namespace_names(name: str) -> None:
    assert names.namespace_name("name", name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/run/netns/web", "x" * 256, "a\nb", 5])
def test_namespace_names_that_are_refused(name: object) -> None:
    with pytest.raises(Invalid, match="^name: "):
        names.namespace_name("name", name)


@pytest.mark.parametrize(
    ("given", "ref"),
    [
        (None, None),
        ("web", "web"),
        ("/proc/1/ns/net", "/proc/1/ns/net"),
        ("/run/netns/web", "web"),
        ("/var/run/netns/web", "web"),
    ],
)
def test_a_namespace_has_one_spelling(given: object, ref: str | None) -> None:
    assert names.namespace_ref("netns", given) == ref


@pytest.mark.parametrize("owner", ["", "a b", "ä", "x" * 65, "a:b", 5, ".a", "..", "a/b"])
def test_owners_that_are_refused(owner: object) -> None:
    with pytest.raises(Invalid, match="^owner: "):
        names.owner_name("owner", owner)


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_a_host_end_has_a_valid_and_stable_name(network: str, namespace: str, interface: str) -> None:
    name = names.host_interface(network, namespace, interface)
    assert names.interface_name("host_interface", name) == name
    assert names.host_interface(network, namespace, interface) == name


def test_a_host_end_is_readable_and_avoids_taken_names() -> None:
    name = names.host_interface("shop", "web", "eth0")
    assert name.startswith("vweb-")
    other = names.host_interface("shop", "web", "eth0", taken={name})
    assert other != name
    assert names.host_interface("shop", "web", "eth1") != name
    assert names.host_interface("shop2", "web", "eth0") != name


#: What the .network files of systemd 247 to 258 match.
STOCK = ("ve-*", "vb-*", "vt-*", "vz-*", "ns-*", "host0", "mv-*", "6rd-*")


def test_no_host_end_is_one_that_systemd_takes_for_its_own() -> None:
    signs = [*string.ascii_letters, *string.digits, *"_-."]
    for namespace in ["".join(each) for length in (1, 2) for each in itertools.product(signs, repeat=length)]:
        name = names.host_interface("br0", namespace, "eth0")
        assert not [pattern for pattern in STOCK if fnmatch.fnmatchcase(name, pattern)], (namespace, name)
        assert names.interface_name("host_interface", name) == name


def test_other_host_ends_keep_the_names_that_they_have() -> None:
    assert names.host_interface("br0", "a", "eth0").startswith("va-")
    assert names.host_interface("br0", "ee", "eth0").startswith("vee-")
    assert names.host_interface("br0", "e", "eth0").startswith("ve_-")
