# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imported by every Python in a host: takes what is imported from a zip file from the cache of bytecode.py."""

from __future__ import annotations

import _imp
import marshal
import os
import zipimport
from _frozen_importlib_external import _RAW_MAGIC_NUMBER  # type: ignore[attr-defined]
from types import CodeType

_CACHE = os.environ.get("LAB_BYTECODE", "/nowhere")
_compile = zipimport._compile_source  # type: ignore[attr-defined]


def _cached(path: str, source: bytes) -> CodeType:
    key = _imp.source_hash(_RAW_MAGIC_NUMBER, source).hex()  # as importlib.util.source_hash, which takes long to import
    try:
        with open(os.path.join(_CACHE, key), "rb") as file:
            return marshal.loads(file.read())
    except OSError:
        return _compile(path, source)


zipimport._compile_source = _cached  # type: ignore[attr-defined]
