"""A caller who has lost a card: key 6, the proof, the card, and the key that means it."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sandbox.records import Person
from tests.ivr.query.asker import FILLER, Asker

DOING = "正在办，请别挂机。"
PROVEN = "核对好了。"
FIRST = "卡丢了别急。卡里银行的钱，要打发卡银行的电话才能冻结，请尽快打。我们这里停的是社保功能，现在就办。"
NOTICE = "下面核对身份。您按的号码和密码只用来核对，不录音，咨询员也看不到。"
EXPLAINED = "请听清楚再按键。挂失以后，这张卡的社保功能停用，银行的钱没有停。"
QUESTION = ["再听一遍，请按九。", "不挂失，请按二。", "确定挂失，请按六。"]
DONE, ALREADY = "挂失好了。", "这张卡以前已经挂失，不用再办。"
# Whatever is said of a freeze as a fact that holds.
CLAIMS = ("loss_done", "loss_already", "loss_frozen", "loss_frozen_plain", "loss_formal", "release_done")


@dataclass
class Loser(Asker):
    """Waits as long as it is worked on."""

    def loses(self, person: Person, pin: str | None = None) -> Loser:
        """Key 6 and the proof; then the cards are looked for."""
        self.press("6")
        self.proves(person, pin)
        return self

    def confirms(self) -> Loser:
        """The key that means it, and whatever comes of it."""
        self.press("6")
        self.waits()
        return self

    @property
    def said(self) -> list[str]:
        """What was heard since the last key, but for the sentences that it is worked on."""
        return [sentence for sentence in self.heard[self.mark :] if sentence not in (FILLER, DOING)]
