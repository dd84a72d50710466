"""Put Twilio's voice SDK where the console's page loads it from: `python tools/fetch_voice_sdk.py`.

Needed only with Twilio as the carrier. npm checks what it downloads against package-lock.json; nothing that
comes along is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENDOR = PROJECT / "dashboards" / "static" / "vendor"
PACKAGE = Path("node_modules") / "@twilio" / "voice-sdk"
WANTED = {"dist/twilio.min.js": "twilio.min.js", "LICENSE.md": "twilio.LICENSE.md"}
NO_NPM = "没有找到 npm，请先安装 Node.js（Debian/Ubuntu：apt install npm）。只有用 Twilio 接电话才需要它。"
FAILED = "通话组件没有下载成功，请检查网络（或 npm 的镜像设置）后再试。"


def fetch(vendor: Path = VENDOR) -> list[Path]:
    """The files put into `vendor`, each replaced as a whole. Raises SystemExit with a sentence."""
    npm = shutil.which("npm") or sys.exit(NO_NPM)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PROJECT / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=folder, check=False).returncode:
            sys.exit(FAILED)
        vendor.mkdir(parents=True, exist_ok=True)
        return [_replace(Path(folder) / PACKAGE / source, vendor / name) for source, name in WANTED.items()]


def _replace(source: Path, target: Path) -> Path:
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    os.replace(fresh, target)
    return target


if __name__ == "__main__":
    for path in fetch():
        print(path.relative_to(PROJECT))
