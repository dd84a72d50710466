"""What the console says no with: a sentence for the page, and the status that tells whose turn it is."""

from __future__ import annotations

from integrations.errors import HotlineError


class Refused(HotlineError):
    """Asked for something that is not to be had now (409), not theirs (403), not there (404) or not right (422)."""

    def __init__(self, status: int, sentence: str, detail: str = "") -> None:
        super().__init__(detail, sentence)
        self.http_status = status


NO_SEAT = "您的账号还没有对应的坐席（工号），请联系值班长。"
NOT_YOURS = "这个来电不在您的坐席上。"
NO_SUCH_OFFER = "没有这个来电，请看页面上最新的状态。"
