# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Builds a Python file that contains part of this collection and runs without it and without Ansible.

It is an uncompressed zip archive: readable, and reproducible from the same sources.
"""

from __future__ import annotations

import importlib.util
import io
import re
import typing as t
import zipfile

_UTILS = "ansible_collections.netplumb.linuxnet.plugins.module_utils"
_IMPORT = re.compile(rf"^\s*from ({re.escape(_UTILS)}[\w.]*) import (\([^)]*\)|[^\n]+)", re.MULTILINE)
#: The same for every file, since real metadata would differ between builds.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(interpreter: str, module: str) -> bytes:
    """The archive, which calls ``main`` of this module with the command line."""
    sources = _sources(module)
    files = {name.replace(".", "/") + ".py": source for name, source in sources.items()}
    for name in sources:
        parts = name.split(".")
        for length in range(1, len(parts)):
            files.setdefault("/".join([*parts[:length], "__init__.py"]), "")
    files["__main__.py"] = (
        f"import sys\n\nfrom {module} import main\n\nsys.exit(main(sys.argv[1:]))\n"  # its only lines
    )
    packed = io.BytesIO()
    packed.write(f"#!{interpreter} -I\n".encode())
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[path])
    return packed.getvalue()


def _sources(first: str) -> dict[str, str]:
    """The source of a module and of all modules of this collection that it imports, directly or not."""
    found: dict[str, str] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in found:
            text = _source(name)
            if text is None:
                raise ImportError(f"the source of {name} is not available")
            found[name] = text
            waiting += _imported(text)
    return found


def _imported(text: str) -> t.Iterator[str]:
    for base, names in _IMPORT.findall(text):
        for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?", names.strip("()")):
            module = f"{base}.{name}"
            yield module if _source(module) is not None else base


def _source(name: str) -> str | None:
    """The source of a module, which may be in an archive such as Ansible's; None if it does not exist."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    loader: t.Any = spec.loader if spec and spec.origin and not spec.submodule_search_locations else None
    return loader.get_source(name) if loader else None
