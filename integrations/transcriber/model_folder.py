"""The folder of a model, looked at before anything is loaded: the library itself only says that it failed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from integrations.env_reader import EnvReader

# More transcribe faster than messages come, and each has the model in memory.
_MOST_PROCESSES_UNASKED = 4
DEFAULT_RATE = 16_000
# Both places that the library knows, the newer one first.
_LAYOUTS = (("am/final.mdl", "conf/mfcc.conf"), ("final.mdl", "mfcc.conf"))
_RATE = re.compile(r"^\s*--sample-frequency\s*=\s*(\d+)", re.MULTILINE)
_MODEL_SITE = "https://alphacephei.com/vosk/models"
# For whoever has none; the large model of the same place is better and needs some 5 GB of memory.
HOW_TO_BRING_ONE = (
    "没有设置 VOSK_MODEL_PATH，留言不会转写成文字（留言照常处理）；要转写，请从 "
    f"{_MODEL_SITE} 下载普通话模型 vosk-model-small-cn-0.22，解压后设置 VOSK_MODEL_PATH=解压出的文件夹，再重新启动。"
)


def model_setting(read: EnvReader) -> Path | None:
    """VOSK_MODEL_PATH. What was named must be there: messages would silently stay without words."""
    raw = read.text("VOSK_MODEL_PATH")
    if raw is None:
        return None
    folder = Path(raw).absolute()
    try:
        problem = model_problem(folder)
    except OSError:
        problem = "无权读取这个文件夹", "no right to read this folder"
    if problem is not None:
        read.add_problem("VOSK_MODEL_PATH", *problem)
    return folder


def usual_processes() -> int:
    """How many recordings at once where nobody has said: one for each core, at most four."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES_UNASKED)


def model_problem(folder: Path) -> tuple[str, str] | None:
    """Why the folder is no model, in Chinese and English; None when it looks like one."""
    if not folder.is_dir():
        return "文件夹不存在", "no such folder"
    if _layout(folder) is not None:
        return None
    inside = [each for each in sorted(folder.iterdir()) if each.is_dir() and _layout(each) is not None]
    if inside:
        return f"模型在它里面的 {inside[0].name} 文件夹，请写到那一层", "the model is one folder further in"
    return "不是 vosk 模型（应有 am/final.mdl 和 conf/mfcc.conf）", "no vosk model in this folder"


def model_rate(folder: Path) -> int:
    """Samples a second that the model listens to."""
    layout = _layout(folder)
    found = _RATE.search((folder / layout[1]).read_text(encoding="utf-8", errors="replace")) if layout else None
    return int(found[1]) if found else DEFAULT_RATE


def _layout(folder: Path) -> tuple[str, str] | None:
    return next((files for files in _LAYOUTS if all((folder / name).is_file() for name in files)), None)
