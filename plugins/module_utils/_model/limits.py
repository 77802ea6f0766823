# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A limit on what an interface sends, as the queueing discipline tbf enforces it: a rate, a burst and a queue."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import rates
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

#: What the other end of a pair receives, and what it sends.
DIRECTIONS = ("ingress", "egress")
OPTIONS = tuple(f"{word}_{what}" for word in DIRECTIONS for what in ("rate", "burst"))
#: What marks queueing disciplines and filters as ours.
MARK = 0x6C6E
#: The length of a frame beyond the MTU, with a VLAN's tag.
_HEADERS = 18
#: Without a given burst, it is what the rate lets through in this time, at least so many bytes, which at slow rates
#: must not take too long, and in any case a few frames.
_BURST_SECONDS, _LEAST_BURST, _SLOW_SECONDS, _BURST_FRAMES = 0.01, 32768, 0.25, 2
#: How long packets may wait, and how many bytes may in any case.
_QUEUE_SECONDS, _LEAST_QUEUE = 0.05, 6000
#: Smaller MTUs make no difference.
_USUAL_MTU = 1500
#: The longest burst, since the kernel counts 32 bits of 64 ns.
_LONGEST = 200


class Limit(Value):
    """``rate`` is in bytes per second, ``burst`` in microseconds at that rate, like in the kernel. ``queue`` is the
    number of bytes that may wait, including a burst. ``plain`` is false if somebody added more conditions."""

    rate: int
    burst: int
    queue: int
    plain: bool = True

    @property
    def rate_text(self) -> str:
        return rates.rate_text(self.rate) + ("" if self.plain else " with overhead, mpu or peakrate")

    @property
    def burst_text(self) -> str:
        """The burst in KiB if it was probably given so, otherwise in bytes."""
        size = self.burst * self.rate // 1_000_000
        # It was rounded up to a whole microsecond, which is less than a KiB up to 8 gbit.
        whole = size // 1024
        if whole and _microseconds(whole * 1024, self.rate) == self.burst:
            return f"{whole}kb"
        return f"{size}b"


class Rate(Value):
    """What is asked in one direction, in bytes per second and bytes."""

    rate: int
    burst: int | None

    @property
    def text(self) -> str:
        return rates.rate_text(self.rate)


def given_rates(prefix: str, options: t.Mapping[str, t.Any]) -> dict[str, Rate]:
    """The rates by direction; raises Invalid.

    :param prefix: the path of the options in messages
    """
    found = {}
    for word in DIRECTIONS:
        rate, burst = options.get(f"{word}_rate"), options.get(f"{word}_burst")
        if rate is None and burst is not None:
            raise Invalid(f"{prefix}{word}_burst", burst, f"only together with {prefix}{word}_rate")
        if rate is not None:
            found[word] = _given(prefix + word, rate, burst)
    return found


def _given(path: str, rate: object, burst: object) -> Rate:
    found = Rate(rates.rate(f"{path}_rate", rate), None if burst is None else rates.size(f"{path}_burst", burst))
    most = greatest_burst(found.rate)
    if found.burst is not None and found.burst > most:
        raise Invalid(f"{path}_burst", burst, f"at most {most}b, which take 200 seconds at this rate")
    return found


def limit(rate: int, burst: int | None, mtu: int) -> Limit:
    """The limit for an interface.

    :param burst: in bytes
    """
    if burst is None:
        enough = min(_LEAST_BURST, int(rate * _SLOW_SECONDS))
        burst = max(int(rate * _BURST_SECONDS), enough, _BURST_FRAMES * least_burst(max(mtu, _USUAL_MTU)))
    queue = burst + max(int(rate * _QUEUE_SECONDS), _LEAST_QUEUE)
    return Limit(rate, _microseconds(burst, rate), queue)


def least_burst(mtu: int) -> int:
    """The size of a frame: with a smaller burst, it would never be sent."""
    return mtu + _HEADERS


def greatest_burst(rate: int) -> int:
    """The most that the kernel can count, in bytes."""
    return rate * _LONGEST


def _microseconds(burst: int, rate: int) -> int:
    return -(-burst * 1_000_000 // rate)
