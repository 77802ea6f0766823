# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's short syntax for published ports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import published_port


@pytest.mark.parametrize(
    ("text", "host_ip", "host", "container", "protocol"),
    [
        ("8080:80", None, "8080", "80", "tcp"),
        ("8080:80/tcp", None, "8080", "80", "tcp"),
        ("53:53/udp", None, "53", "53", "udp"),
        ("53:53/UDP", None, "53", "53", "udp"),
        ("36412:36412/sctp", None, "36412", "36412", "sctp"),
        (":8080:80", None, "8080", "80", "tcp"),
        ("127.0.0.1:8081:81", "127.0.0.1", "8081", "81", "tcp"),
        ("127.0.0.2:5000:5000/udp", "127.0.0.2", "5000", "5000", "udp"),
        ("0.0.0.0:80:80", "0.0.0.0", "80", "80", "tcp"),
        ("[::]:80:80", "::", "80", "80", "tcp"),
        ("[fd00:0::1]:443:8443", "fd00::1", "443", "8443", "tcp"),
        ("5000-5010:5000-5010", None, "5000-5010", "5000-5010", "tcp"),
        ("5000-5010:6000-6010/udp", None, "5000-5010", "6000-6010", "udp"),
        ("1-65535:1-65535", None, "1-65535", "1-65535", "tcp"),
        ("80-80:443-443", None, "80", "443", "tcp"),
    ],
)
def test_a_form_is_understood(text: str, host_ip: str | None, host: str, container: str, protocol: str) -> None:
    found = published_port.parse("port", text)
    assert (str(found.host_ip) if found.host_ip else None, str(found.host), str(found.container)) == (
        host_ip,
        host,
        container,
    )
    assert found.protocol == protocol
    assert found.wildcard == (host_ip in (None, "0.0.0.0", "::"))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (3233, "port: 3233 is not allowed: a published port is a string; quote it, YAML read it as a number"),
        (80, "quote it"),
        (["8080:80"], "quote it"),
        ("80", "the host port is required"),
        ("80/tcp", "the host port is required"),
        (":80", "the host port is required"),
        ("127.0.0.1::80", "the host port is required"),
        ("[::1]::80", "the host port is required"),
        ("8000-8010:80", "nothing here can pick one of the 11 host ports"),
        ("8080:80-81", "both ranges have the same length; here 1 on the host and 2 in the endpoint"),
        ("8000-8002:80-81", "both ranges have the same length; here 3 on the host and 2 in the endpoint"),
        ("[::1]:80:80", "no rule can publish on ::1"),
        ("::1:80:80", "an IPv6 address needs brackets"),
        ("[127.0.0.1]:80:80", "an IPv6 address in brackets, or an IPv4 address without"),
        ("[]:80:80", "an IPv6 address between the brackets"),
        ("[::ffff:192.0.2.1]:80:80", "write 192.0.2.1"),
        ("[fe80::1]:80:80", "not link-local"),
        ("[fe80::1%eth0]:80:80", "without a zone"),
        ("[ff02::1]:80:80", "a unicast address"),
        ("224.0.0.1:80:80", "a unicast address"),
        ("255.255.255.255:80:80", "a unicast address"),
        ("localhost:80:80", "'localhost' is not an IPv4 or IPv6 address"),
        ("8080:80/icmp", "the protocol is one of tcp, udp, sctp"),
        ("8080:80/", "the protocol is one of tcp, udp, sctp"),
        ("8080:80/tcp/udp", "the protocol is one of tcp, udp, sctp"),
        ("0:80", "'0' is not a port from 1 to 65535"),
        ("8080:65536", "'65536' is not a port from 1 to 65535"),
        ("8080:http", "'http' is not a port from 1 to 65535"),
        ("20-10:30-20", "'20-10' is not a port from 1 to 65535"),
        ("8080:80:90:100", "[[ip]:]host[-end]:container[-end][/protocol]"),
        ("", "the host port is required"),
        ("8080:", "[[ip]:]host[-end]:container[-end][/protocol]"),
        ("٨٠:80", "is not a port from 1 to 65535"),
    ],
)
def test_a_form_is_refused_by_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(Invalid) as error:
        published_port.parse("port", value)
    assert str(error.value).startswith("port: ")
    assert sentence in str(error.value)


@given(st.text(alphabet="0123456789:.-[]/tcpud abf", max_size=30))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    try:
        found = published_port.parse("port", text)
    except Invalid:
        return
    assert found.host.size == found.container.size
    assert 1 <= found.host.first <= found.host.last <= 65535
