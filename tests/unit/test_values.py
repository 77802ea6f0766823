# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values behave like the frozen dataclasses that they replace."""

from __future__ import annotations

import functools
import pickle
from typing import Any, ClassVar

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value


class Place(Value):
    street: str
    number: int = 1


class House(Place):
    owner: str = "nobody"

    @functools.cached_property
    def sign(self) -> str:
        return f"{self.street} {self.number}"


class Flat(Place):
    beside_the_point: ClassVar[tuple[str, ...]] = ("bell",)

    bell: str = ""


def test_fields_are_given_by_place_by_name_or_by_default() -> None:
    house = House("High Street", owner="Ann")
    assert (house.street, house.number, house.owner) == ("High Street", 1, "Ann")
    assert repr(house) == "House(street='High Street', number=1, owner='Ann')"


@pytest.mark.parametrize("fields", [{}, {"number": 2}, {"street": "High Street", "floor": 3}])
def test_missing_and_unknown_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="street|floor"):
        Place(**fields)


def test_a_class_derived_from_one_with_instances_has_its_own_fields() -> None:
    assert Place("High Street").number == 1
    assert House("High Street", 2, "Ann").owner == "Ann"
    assert Place("High Street", 2) == Place(street="High Street", number=2)


def test_values_are_compared_by_kind_and_fields() -> None:
    assert House("High Street") == House("High Street", 1)
    assert len({House("High Street"), House("High Street", 1), House("High Street", 2)}) == 2
    assert House("High Street") != Place("High Street")


def test_what_is_beside_the_point_does_not_count() -> None:
    assert Flat("High Street", 2, "left") == Flat("High Street", 2, "right")
    assert hash(Flat("High Street", 2, "left")) == hash(Flat("High Street", 2, "right"))


def test_the_same_with_other_fields_is_a_value_of_its_own() -> None:
    house = House("High Street", owner="Ann")
    assert house.sign == "High Street 1"
    moved = house.but(number=2)
    assert (moved, moved.sign, house.number) == (House("High Street", 2, "Ann"), "High Street 2", 1)


def test_what_was_worked_out_does_not_count() -> None:
    known, unknown = House("High Street"), House("High Street")
    assert known.sign
    assert known == unknown
    assert pickle.loads(pickle.dumps(known)) == unknown
