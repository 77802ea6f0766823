# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the kinds of objects into docs/plan.schema.json: python -m docs.make plan

The schema describes an element of each kind under its name.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import kinds
from tests.lab.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "plan.schema.json"
COMMAND = "python -m docs.make plan"


def definition(kind: str) -> str:
    """The name of a kind's definition in the schema."""
    return re.sub("_(.)", lambda found: found[1].upper(), kind)


def page(written: str) -> str:
    """The schema with the existing kinds; KeyError if one is not described."""
    schema: dict[str, Any] = json.loads(written)
    modules = schema["properties"]["modules"]
    names = {kind: definition(kind) for kind in kinds.ORDER["present"]}
    modules["properties"] = {
        kind: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}
        for kind, name in names.items()
        if schema["$defs"][name]
    }
    modules["required"] = list(names)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
