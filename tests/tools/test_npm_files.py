"""Files out of npm packages: only what is named is asked for, and everything is checked against the lock."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from integrations.settings import PROJECT_DIR

# Plays npm: writes down what it was asked for, and puts a file into each package.
NPM = """
import json, pathlib, sys
top = json.loads(pathlib.Path("package.json").read_text())
lock = json.loads(pathlib.Path("package-lock.json").read_text())
if sys.argv[1] != "ci" or "--ignore-scripts" not in sys.argv:
    sys.exit(1)
for name in top["dependencies"]:
    folder = pathlib.Path("node_modules", name, "dist")
    folder.mkdir(parents=True)
    (folder / "asked.json").write_text(json.dumps([top["dependencies"], sorted(lock["packages"])]))
"""


@pytest.fixture(scope="module")
def npm_files() -> ModuleType:
    spec = importlib.util.spec_from_file_location("npm_files", PROJECT_DIR / "tools" / "npm_files.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def npm(tmp_path: Path) -> list[str]:
    script = tmp_path / "npm.py"
    script.write_text(NPM)
    return [sys.executable, str(script)]


def test_only_the_packages_that_are_named_are_fetched(npm_files: ModuleType, npm: list[str], tmp_path: Path) -> None:
    wanted = {"echarts": {"dist/asked.json": "a.json"}, "echarts-maps": {"dist/asked.json": "b.json"}}
    files = npm_files.fetch(wanted, npm, tmp_path / "vendor")
    assert [path.name for path in files] == ["a.json", "b.json"] and len(list((tmp_path / "vendor").iterdir())) == 2
    versions, packages = json.loads(files[0].read_text())
    assert versions == {"echarts": "6.1.0", "echarts-maps": "npm:echarts@4.9.0"}
    assert packages == ["", "node_modules/echarts", "node_modules/echarts-maps"]


def test_what_does_not_come_changes_nothing(npm_files: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(npm_files.NotFetched):
        npm_files.fetch({"echarts": {"a": "a"}}, [sys.executable, "-c", "raise SystemExit(1)"], tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_the_lock_has_a_checksum_for_every_package_and_names_no_host() -> None:
    lock = json.loads((PROJECT_DIR / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all(
        package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages.values()
    )
