# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: units, and what follows from a rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import rates
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits

RATES = st.integers(1000, 4 * 10**9)
#: The kernel's fields have 32 bits, and it counts 64 ns.
GREATEST, TICKS = 2**32 - 1, 1000 / 64


@given(RATES)
def test_a_rate_is_read_as_it_is_written(rate: int) -> None:
    assert rates.rate("rate", rates.rate_text(rate)) == rate


@given(RATES, st.integers(68, 65535))
def test_every_default_fits_the_kernel_and_lets_every_frame_pass(rate: int, mtu: int) -> None:
    found = limits.limit(rate, None, mtu)
    assert found.burst * rate // 1_000_000 >= limits.least_burst(mtu)
    assert found.burst * TICKS <= GREATEST
    assert found.queue <= GREATEST


@given(RATES, st.integers(1, 1 << 30), st.integers(68, 65535))
def test_a_burst_is_rounded_up_by_less_than_a_microsecond(rate: int, burst: int, mtu: int) -> None:
    if burst <= limits.greatest_burst(rate):
        found = limits.limit(rate, burst, mtu)
        assert found.burst * TICKS <= GREATEST
        assert found.queue <= GREATEST
        assert burst * 1_000_000 <= found.burst * rate < burst * 1_000_000 + rate


@given(RATES, st.integers(1, 1024))
def test_a_burst_in_kib_is_shown_so(rate: int, size: int) -> None:
    if size * 1024 <= limits.greatest_burst(rate) and rate < 10**9:
        assert limits.limit(rate, size * 1024, 1500).burst_text == f"{size}kb"
