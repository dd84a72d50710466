"""Put Twilio's voice SDK where the console's page loads it from: `python tools/fetch_voice_sdk.py`.

Needed only with Twilio as the carrier. npm checks what it downloads against package-lock.json; nothing that
comes along is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from npm_files import PROJECT, VENDOR, NotFetched, fetch, npm_of_the_system

WANTED = {"@twilio/voice-sdk": {"dist/twilio.min.js": "twilio.min.js", "LICENSE.md": "twilio.LICENSE.md"}}
NO_NPM = "没有找到 npm，请先安装 Node.js（Debian/Ubuntu：apt install npm）。只有用 Twilio 接电话才需要它。"
FAILED = "通话组件没有下载成功，请检查网络（或 npm 的镜像设置）后再试。"


def fetch_voice_sdk(vendor: Path = VENDOR) -> list[Path]:
    """The files put into `vendor`, each replaced as a whole. Raises SystemExit with a sentence."""
    npm = npm_of_the_system() or sys.exit(NO_NPM)
    try:
        return fetch(WANTED, npm, vendor)
    except NotFetched:
        sys.exit(FAILED)


if __name__ == "__main__":
    for path in fetch_voice_sdk():
        print(path.relative_to(PROJECT))
