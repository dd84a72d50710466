"""The errors every room raises, so that one place can turn them into a sentence and an id."""

import secrets
from collections.abc import Sequence


class HotlineError(Exception):
    """Something a person should be told about kindly.

    `detail` is English and for the log; `sentence` is Chinese and for the caller, agent or
    operator. `error_id` is made once, so the sentence on the screen and the line in the log
    carry the same id. Never put an ID number, a telephone number or a PIN into either.
    """

    default_sentence = "系统暂时无法完成这个操作，请稍后再试。"
    http_status = 500

    def __init__(self, detail: str = "", sentence: str | None = None) -> None:
        super().__init__(detail or sentence or self.default_sentence)
        self.detail = detail
        self.sentence = sentence or self.default_sentence
        self.error_id = secrets.token_hex(4)


class IntegrationError(HotlineError):
    """An outside system failed.

    `permanent` is True when asking again cannot help (wrong credentials, a refused request),
    so jobs do not retry it.
    """

    default_sentence = "业务系统暂时没有应答，请稍后再试。"
    http_status = 503

    def __init__(self, detail: str = "", sentence: str | None = None, *, permanent: bool = False) -> None:
        super().__init__(detail, sentence)
        self.permanent = permanent


class SettingsError(HotlineError):
    """All missing or malformed settings at once: an operator should not find them one by one."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems), "配置有误，程序没有启动。")
        self.problems = list(problems)
