"""Put ECharts and the map of Anhui where the province's pages load them from: `python tools/fetch_charts.py`.

With the npm of the system, or else with one that pip brings along for the moment. Does nothing when they are there
already. Without them the pages show tables.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from npm_files import PROJECT, VENDOR, NotFetched, fetch, npm_from_pip, npm_of_the_system

# The map is of the last version that had maps; its licence and notice belong to it.
WANTED = {
    "echarts": {
        "LICENSE": "echarts.LICENSE.txt",
        "NOTICE": "echarts.NOTICE.txt",
        "dist/echarts.min.js": "echarts.min.js",
    },
    "echarts-maps": {
        "LICENSE": "anhui.LICENSE.txt",
        "NOTICE": "anhui.NOTICE.txt",
        "map/json/province/anhui.json": "anhui.json",
    },
}
FETCHING = "正在下载图表组件（只需一次）…"
FAILED = "图表组件没有下载成功，统计页面先用表格显示，其他不受影响。网络（或 npm 的镜像设置）好了以后执行 make charts。"


def fetch_charts(vendor: Path = VENDOR) -> list[Path]:
    """The files, when any is missing or older than package-lock.json. Raises NotFetched."""
    files = [vendor / name for names in WANTED.values() for name in names.values()]
    if all(map(_is_new_enough, files)):
        return []
    print(FETCHING, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return fetch(WANTED, npm_of_the_system() or npm_from_pip(Path(folder)), vendor)


def _is_new_enough(path: Path) -> bool:
    return path.exists() and path.stat().st_mtime >= (PROJECT / "package-lock.json").stat().st_mtime


if __name__ == "__main__":
    try:
        for path in fetch_charts():
            print(path.relative_to(PROJECT))
    except (NotFetched, OSError):
        sys.exit(FAILED)
