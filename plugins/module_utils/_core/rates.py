# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Rates and sizes in the units of tc: ``100mbit``, ``12mbps`` (bytes), ``256kb``."""

from __future__ import annotations

import math
import re

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-z]+)")
_DECIMAL = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_BINARY = {"ki": 1024, "mi": 1024**2, "gi": 1024**3, "ti": 1024**4}
#: Bytes per second.
_RATES = {
    **{f"{prefix}bit": factor / 8 for prefix, factor in {**_DECIMAL, **_BINARY}.items()},
    **{f"{prefix}bps": factor for prefix, factor in {**_DECIMAL, **_BINARY}.items()},
}
_SIZES = {
    "b": 1,
    **{f"{prefix}{unit}": 1024**power for power, prefix in enumerate("kmg", 1) for unit in ("", "b")},
    **{f"{prefix}bit": 1024**power / 8 for power, prefix in enumerate("kmg", 1)},
}
#: Bytes per second. The kernel counts a burst in ticks of 64 ns, of which 32 bits are some minutes.
_LEAST_RATE, _GREATEST_RATE = 1000, 4 * 10**9
_GREATEST_SIZE = 1 << 30
_NAMED = ((10**9, "gbit"), (10**6, "mbit"), (1000, "kbit"), (1, "bit"))


def rate(option: str, value: object) -> int:
    """A rate in bytes per second."""
    allowed = (
        "a rate from 8kbit to 32gbit with one of tc's units, bit, kbit, mbit or gbit, or kbps or mbps for bytes per "
        "second, such as '100mbit'"
    )
    number = _number(value, _RATES)
    if number is None or not _LEAST_RATE <= number <= _GREATEST_RATE:
        raise Invalid(option, value, allowed)
    return int(number)


def size(option: str, value: object) -> int:
    """A size in bytes."""
    number = _number(value, _SIZES)
    if number is None or not 1 <= number <= _GREATEST_SIZE:
        raise Invalid(option, value, "a size from 1b to 1gb with one of tc's units, b, kb or mb, such as '256kb'")
    return math.ceil(number)


def _number(value: object, units: dict[str, float]) -> float | None:
    found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    unit = units.get(found.group(2).lower()) if found else None
    return None if found is None or unit is None else round(float(found.group(1)) * unit, 6)


def rate_text(rate: int) -> str:
    """A rate in the largest unit that needs no fraction."""
    bits = rate * 8
    unit, name = next((unit, name) for unit, name in _NAMED if bits % unit == 0)
    return f"{bits // unit}{name}"
