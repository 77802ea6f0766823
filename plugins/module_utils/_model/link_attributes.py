# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The attributes of each kind of link, one row each.

A row defines an option, its range, and its encoding in netlink messages. The numbers are part of the kernel's ABI.
"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

_U8, _U16, _U32 = struct.Struct("=B"), struct.Struct("=H"), struct.Struct("=I")


class Attribute(Value):
    """A number or a switch of a link.

    ``name`` is the option, ``word`` the name in pyroute2. ``form`` is the encoding in a message, in which one unit of
    the option is ``unit`` units of the kernel. ``least`` and ``greatest`` limit the option, and ``of`` names its unit.
    """

    name: str
    number: int
    form: struct.Struct
    least: int = 0
    greatest: int = 1
    unit: int = 1
    word: str = ""
    of: str = ""
    switch: bool = False

    @property
    def option(self) -> dict[str, t.Any]:
        return {"type": "bool" if self.switch else "int"}

    def check(self, value: t.Any) -> None:
        """Raise Invalid if the value is out of range."""
        if not self.least <= value <= self.greatest:
            raise Invalid(self.name, value, f"{self.least} to {self.greatest}{f' {self.of}' if self.of else ''}")

    def read(self, data: bytes) -> t.Any:
        """Decode a value, in the option's unit."""
        value = self.form.unpack_from(data)[0]
        if self.switch:
            return value != 0
        if self.unit == 1:
            return value
        return value // self.unit if value % self.unit == 0 else value / self.unit

    def kernels(self, value: t.Any) -> int:
        """The value in the kernel's unit."""
        return int(value * self.unit)

    def write(self, value: t.Any) -> bytes:
        """Encode the option's value."""
        return self.form.pack(self.kernels(value))


def _switch(name: str, number: int, form: struct.Struct = _U8, word: str = "") -> Attribute:
    return Attribute(name, number, form, word=word, switch=True)


Table = tuple[Attribute, ...]

MTU = Attribute("mtu", 4, _U32, 68, 65535, of="bytes")
TXQUEUELEN = Attribute("txqueuelen", 13, _U32, 0, 2**31 - 1, of="packets")
#: Attributes of every link, each a field of Link.
LINK: Table = (MTU, TXQUEUELEN)
#: Attributes of both ends of a veth pair.
VETH: Table = LINK
BRIDGE: Table = (
    _switch("stp", 5, _U32, "br_stp_state"),
    Attribute("forward_delay", 1, _U32, 2, 30, 100, "br_forward_delay"),
    Attribute("ageing_time", 4, _U32, 0, 1_000_000, 100, "br_ageing_time"),
    Attribute("priority", 6, _U16, 0, 65535, word="br_priority"),
    _switch("multicast_snooping", 23, word="br_mcast_snooping"),
    _switch("vlan_filtering", 7, word="br_vlan_filtering"),
)
#: Only reported by a kernel with VLAN filtering.
DEFAULT_PVID = Attribute("default_pvid", 39, _U16, 0, 4095)
BRIDGE_PORT: Table = (
    _switch("hairpin", 4),
    _switch("isolated", 33),
    _switch("learning", 8),
    # Only reported by a kernel that can lock ports, 5.18 or newer.
    _switch("locked", 39),
    _switch("flood", 9),
    _switch("guard", 5),
    Attribute("cost", 3, _U32, 1, 65535),
    Attribute("priority", 2, _U16, 0, 63),
)
PORT_STATE = Attribute("state", 1, _U8, 0, 4)
#: The state of a port that forwards frames.
FORWARDING = 3


def options(table: Table) -> Options:
    """The options, as Ansible's argument specification has them."""
    return {row.name: row.option for row in table}


def given(table: Table, found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The given attributes, validated; raises Invalid."""
    values = {row.name: found[row.name] for row in table if found[row.name] is not None}
    for row in table:
        if row.name in values:
            row.check(values[row.name])
    return values
