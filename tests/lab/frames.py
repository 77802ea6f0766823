# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds and parses raw Ethernet frames, for attackers and sniffers. Addresses are text, payloads bytes."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

BROADCAST = "ff:ff:ff:ff:ff:ff"
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
SYN, RST, ACK = 0x02, 0x04, 0x10
INIT, INIT_ACK = 1, 2


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def ethernet(destination: str, source: str, kind: int, payload: bytes) -> bytes:
    """An Ethernet frame. kind: IPV4, IPV6, ARP or any other EtherType."""
    return mac_bytes(destination) + mac_bytes(source) + struct.pack("!H", kind) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source: str, destination: str, protocol: int, payload: bytes, ttl: int = 64, fragment: int = 0) -> bytes:
    """An IPv4 or IPv6 packet, by the family of the addresses. fragment: the IPv4 flags and offset field."""
    from_, to = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if from_.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl) + from_.packed + to.packed + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0x4242, fragment, ttl, protocol, 0)
    header += from_.packed + to.packed
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def _with_checksum(source: str, destination: str, protocol: int, segment: bytes, offset: int) -> bytes:
    """A TCP, UDP or ICMPv6 segment with its checksum, including the pseudo-header, inserted at an offset."""
    from_, to = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    pseudo = from_.packed + to.packed + struct.pack("!II", len(segment), protocol)
    return segment[:offset] + struct.pack("!H", checksum(pseudo + segment)) + segment[offset + 2 :]


def udp(source: str, destination: str, source_port: int, port: int, payload: bytes = b"x") -> bytes:
    """An IP packet with a UDP datagram."""
    segment = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return ip(source, destination, UDP, _with_checksum(source, destination, UDP, segment, 6))


def tcp(source: str, destination: str, source_port: int, port: int, flags: int = SYN, payload: bytes = b"") -> bytes:
    """An IP packet with a TCP segment. flags: SYN, ACK, RST or a sum of them."""
    segment = struct.pack("!HHIIBBHHH", source_port, port, 1000, 2000, 5 << 4, flags, 65535, 0, 0) + payload
    return ip(source, destination, TCP, _with_checksum(source, destination, TCP, segment, 16))


def sctp(source: str, destination: str, source_port: int, port: int, chunk: int = INIT, tag: int = 0) -> bytes:
    """An IP packet that opens an SCTP association. chunk: INIT, or INIT_ACK with the other side's tag (7 is ours)."""
    body = struct.pack("!BBHIIHHI", chunk, 0, 20, 7, 65536, 1, 1, 1)
    header = struct.pack("!HHI", source_port, port, tag)
    return ip(source, destination, SCTP, header + struct.pack("<I", crc32c(header + bytes(4) + body)) + body)


def crc32c(data: bytes) -> int:
    """The checksum of SCTP (RFC 9260, appendix A)."""
    rest = 0xFFFFFFFF
    for byte in data:
        rest ^= byte
        for _bit in range(8):
            rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
    return rest ^ 0xFFFFFFFF


def icmp(source: str, destination: str, kind: int = 8, code: int = 0, body: bytes = b"\0\1\0\1ping") -> bytes:
    """An IPv4 packet with an ICMP message (8: echo request)."""
    message = struct.pack("!BBH", kind, code, 0) + body
    return ip(source, destination, ICMP, message[:2] + struct.pack("!H", checksum(message)) + message[4:])


def icmpv6(source: str, destination: str, kind: int = 128, code: int = 0, body: bytes = b"\0\1\0\1ping") -> bytes:
    """An IPv6 packet with an ICMPv6 message (128: echo request), with hop limit 255 as neighbour discovery requires."""
    message = struct.pack("!BBH", kind, code, 0) + body
    return ip(source, destination, ICMPV6, _with_checksum(source, destination, ICMPV6, message, 2), ttl=255)


def arp(operation: int, sender_mac: str, sender: str, target_mac: str, target: str) -> bytes:
    """An ARP payload (1: request, 2: reply)."""
    sender_ip, target_ip = ipaddress.ip_address(sender).packed, ipaddress.ip_address(target).packed
    hosts = mac_bytes(sender_mac) + sender_ip + mac_bytes(target_mac) + target_ip
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + hosts


def router_advertisement(source: str, mac: str, prefix: str, lifetime: int = 1800) -> bytes:
    """An IPv6 packet to all nodes that offers a default route (lifetime in seconds) and a prefix such as fd00::/64."""
    network = ipaddress.IPv6Network(prefix)
    body = struct.pack("!BBHII", 64, 0, lifetime, 0, 0)
    body += struct.pack("!BBBBIII", 3, 4, network.prefixlen, 0xC0, 86400, 14400, 0) + network.network_address.packed
    body += struct.pack("!BB", 1, 1) + mac_bytes(mac)
    return icmpv6(source, "ff02::1", 134, 0, body)


@dataclass(frozen=True)
class Packet:
    """A parsed frame. Fields that it does not have are None; protocol is the number (TCP, UDP, SCTP, ...)."""

    source_mac: str
    destination_mac: str
    kind: int
    source: str | None
    destination: str | None
    protocol: int | None
    source_port: int | None
    port: int | None
    type: int | None
    raw: bytes


def _text_mac(data: bytes) -> str:
    return data.hex(":")


def parse(frame: bytes) -> Packet:
    """Parse a frame. IPv6 extension headers and VLAN tags are not followed."""
    kind = struct.unpack("!H", frame[12:14])[0]
    source = destination = protocol = source_port = port = type_ = None
    body = b""
    if kind == IPV4 and len(frame) >= 34:
        source, destination = (str(ipaddress.IPv4Address(frame[at : at + 4])) for at in (26, 30))
        protocol, body = frame[23], frame[14 + (frame[14] & 0xF) * 4 :]
        if struct.unpack("!H", frame[20:22])[0] & 0x1FFF:
            body = b""  # a later fragment has no transport header
    elif kind == IPV6 and len(frame) >= 54:
        source, destination = (str(ipaddress.IPv6Address(frame[at : at + 16])) for at in (22, 38))
        protocol, body = frame[20], frame[54:]
    elif kind == ARP and len(frame) >= 42:
        source, destination = (str(ipaddress.IPv4Address(frame[at : at + 4])) for at in (28, 38))
        type_ = struct.unpack("!H", frame[20:22])[0]
    if protocol in (TCP, UDP, SCTP) and len(body) >= 4:
        source_port, port = struct.unpack("!HH", body[:4])
    elif protocol in (ICMP, ICMPV6) and body:
        type_ = body[0]
    ends = _text_mac(frame[6:12]), _text_mac(frame[:6])
    return Packet(*ends, kind, source, destination, protocol, source_port, port, type_, frame)
