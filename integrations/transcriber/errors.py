"""How a transcription fails, and whether trying again can help."""

from __future__ import annotations

from integrations.errors import IntegrationError


class NoModel(IntegrationError):
    """This installation has no model, so nothing is transcribed."""

    default_sentence = "没有安装语音识别模型，录音没有转写成文字。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, permanent=True)


class Untranscribable(IntegrationError):
    """The file is not one that can be transcribed: the same next time."""

    default_sentence = "这段录音无法转写成文字。"

    def __init__(self, detail: str = "", sentence: str | None = None) -> None:
        super().__init__(detail, sentence, permanent=True)


class BadGrammar(IntegrationError):
    """The phrases to listen for cannot be used with this model."""

    default_sentence = "语音识别的词表有误：每条应为模型认识的词，词之间用空格分开。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, permanent=True)


class TranscriberDied(IntegrationError):
    """The process that listens did not start, or ended again and again in the middle of the file."""

    default_sentence = "语音转写程序中途退出，稍后会再试。"


class TooLong(IntegrationError):
    """Not done within the time that was given."""

    default_sentence = "语音转写用时过长，已经停止，稍后会再试。"
