"""Why a batch or a key was not taken at all, in words for the sender."""

from __future__ import annotations

from integrations.errors import HotlineError


class NotACity(HotlineError):
    """The centre has no system of its own: its calls are those of this hotline."""

    http_status = 404

    def __init__(self, centre: str) -> None:
        super().__init__(f"no city system: {centre}", f"中心 {centre} 没有登记自己的系统，不能报送数据。")


class DifferentContent(HotlineError):
    """A batch of this name came before, with other content."""

    default_sentence = "这个批次名已经用过，内容却不一样。更正请换一个新的批次名，并给改动的行加一个版本。"
    http_status = 409


class TooManyRows(HotlineError):
    """More than a batch may hold."""

    http_status = 413

    def __init__(self, rows: int, most: int) -> None:
        super().__init__(f"{rows} rows", f"一批最多 {most} 行，这一批有 {rows} 行，请分成几批。")


class BadBatch(HotlineError):
    """What stands around the rows is not as described."""

    http_status = 422

    def __init__(self, detail: str, sentence: str, *, status: int = 422) -> None:
        super().__init__(detail, sentence)
        self.http_status = status


class Unread(HotlineError):
    """A body that is no batch at all."""

    def __init__(self, detail: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(detail, sentence)
        self.http_status = status


class NotSigned(HotlineError):
    """Not signed by a key in use, or not now."""

    http_status = 401


class TooOften(HotlineError):
    """More pushes than a minute allows."""

    default_sentence = "报送太频繁，请稍后再试。"
    http_status = 429

    def __init__(self, retry_seconds: int) -> None:
        super().__init__("too many pushes in a minute")
        self.retry_seconds = retry_seconds
