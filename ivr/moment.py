"""What is true for one centre at one instant, gathered before the engine is asked, so that the engine asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from queueing.opening_hours import HoursAt

# What a prompt may name in braces. True: it can be unknown, so a prompt that uses it needs an `instead`.
WORDS: dict[str, bool] = {
    "greeting": False,  # 安徽省人社厅, 合肥市人社局
    "centre": False,  # 省本级, 合肥
    "counter": False,  # 合肥市政务服务中心的人社窗口
    "hours_today": False,  # 上午9点到12点，下午2点半到5点半
    "next_opening": True,  # 明天上午9点
    "closes_in": True,  # 10
    "holiday": True,  # 春节
    "closing_reason": True,  # 停电
    "notice": True,  # the urgent notice
    "guess_1": True,  # 阜阳
    "guess_2": True,  # 亳州
    "digits": True,  # what was keyed in, for a read-back
    "key": True,  # the key of a spoken option
    "title": True,  # a recording's or guide's title
    "text": True,  # a sentence of content
    "count": True,  # 三, how many
    "ahead": True,  # 3, callers before this one
    "wait": True,  # 4到6分钟
    "agent_number": True,  # 幺零二三, 工号
    "number_tail": True,  # 五六七八, of the number that we would ring
    "shown_number": True,  # 055112333, what a telephone shows when we ring; only when it is agreed with the carrier
    "slot": True,  # 下午3点到3点半, a half hour to choose
    "callback_slot": True,  # 今天下午3点到3点半, the half hour that was promised
    "callback_at": True,  # 今天下午3点多, about when we ring
    "callback_ahead": True,  # 3, callers before the one who is to be rung
    "asked_when": True,  # 今天上午10点多, when the caller we ring had rung us
    "next_try": True,  # 今天下午4点多
    "what": True,  # 养老保险, what is looked up
    "other_line": True,  # 12393, who answers it instead
    "tries_left": True,  # 2, for the PIN
    "locked_until": True,  # 明天上午10点多
    "insured_place": True,  # 芜湖, whose centre it is handed to
    # Of what was found; see ivr/findings.py.
    "insurance": True,  # 职工养老保险
    "months": True,  # 15年3个月
    "day": True,  # 2025年12月31日, or 9月15日 in this year
    "month": True,  # 10月
    "amount": True,  # 3,256.40元
    "way": True,  # 银行发放
    "place": True,  # 合肥
    "as_of": True,  # 11月20日
    "bank": True,  # 徽商银行
    "bank_phone": True,  # 九六五八八
    "reason": True,  # what a system itself says
    # Of a lost card.
    "banks": True,  # 徽商银行，九六五八八；..., the banks' own lines
    "card_tail": True,  # 一二三四
    "earliest": True,  # 9月15日, the earliest day on which a freeze ends, by the city's rule
    "receipt": True,  # 一二三，四五六, the card system's number of the freeze
    "answer_by": True,  # 今天上午10点半, by when somebody tells how it ended
    # Of a message, or of a case of the caller's.
    "case_number": True,  # 八幺二六
    "reply_day": True,  # 9月15日，星期二, by when the answer comes; 1月6日 while that may still move
    "case_place": True,  # 合肥中心, who has it
    "case_day": True,  # 9月15日，星期二
    "replied_day": True,  # 9月10日
}
# What a sentence or a key may depend on (`when: "word:NAME"`), as on a word, but nobody hears.
FLAGS = frozenset(
    {
        "callback_offer",  # the wait is long enough to offer to ring instead
        "callback_next",  # the callback is the next one
        "callback_now",  # it is being dialled
        "callback_plain",  # there is one, and no more can be said of it
        "identity_proven",  # by ID number and PIN, in this call
        "is_formal",  # a card was reported lost at the counter, for good
        "release_by_phone",  # the city lets a freeze be lifted by telephone
        "no_number",  # nobody can be told, since no number is known
        "anonymous",  # whoever reported something does not want to be found
        "case_urged",  # today, by its caller
        "case_answerable",  # by its caller's own word
        "case_joined",  # with another one, which is told instead
    }
)


# A condition: that this can be looked up, or that it can be said where.
ANSWERS, CLOSED = "answers:", "closed"
KINDS = ("pension", "medical", "card")
# And whether a card can be frozen by telephone.
FREEZES = "freeze"


@dataclass(frozen=True, slots=True)
class Feature:
    """Whether a key's room is open, and if not, why: staff read the reason, callers hear that it is closed."""

    is_open: bool
    reason: str = ""


@dataclass(frozen=True)
class Moment:
    """Everything that the engine may ask about the world.

    `words` fill the braces of prompts; None stands for unknown and is never spoken. `today` is the day in
    Shanghai, by which content is valid or not.
    """

    centre: str
    today: date
    hours: HoursAt
    features: Mapping[str, Feature] = field(default_factory=dict)
    words: Mapping[str, str | None] = field(default_factory=dict)
    desk_number: str | None = None
    # Whether any consultant is signed in who may answer this centre's calls.
    has_people: bool = False
    # What can be looked up: pension, medical, card -> "asks" (a system of ours), "refer" (to another line), "closed".
    answers: Mapping[str, str] = field(default_factory=dict)

    def is_open(self, feature: str) -> bool:
        found = self.features.get(feature)
        return found is not None and found.is_open

    @property
    def human(self) -> str:
        """Who answers key 0 now: `line` (consultants), `desk` (a telephone instead), `none` in hours, `closed`."""
        by = "line" if self.has_people else "desk" if self.desk_number else ""
        if not self.hours.is_staffed or (self.hours.urgent_only and not (self.is_open("human") and by)):
            return "closed"
        return by if self.is_open("human") and by else "none"

    @property
    def has_human(self) -> bool:
        """Whether somebody can be reached by key 0 now."""
        return self.human in ("line", "desk")

    def is_true(self, condition: str) -> bool:
        """A condition of a sentence: see CONDITIONS."""
        if condition.startswith("open:"):
            return self.is_open(condition.removeprefix("open:"))
        if condition.startswith(ANSWERS):
            return self.answers.get(condition.removeprefix(ANSWERS), CLOSED) != CLOSED
        return CONDITIONS[condition](self)


CONDITIONS: dict[str, Callable[[Moment], bool]] = {
    # A human can be reached by key 0 now.
    "human": lambda moment: moment.has_human,
    # And that by waiting in the line.
    "line": lambda moment: moment.human == "line",
    "no_human": lambda moment: not moment.has_human,
    "makeup_day": lambda moment: moment.hours.state == "makeup_day",
    "noon_duty": lambda moment: moment.hours.state == "noon_duty" and moment.has_human,
    "night_duty": lambda moment: moment.hours.state == "night_duty" and moment.has_human,
    "notice": lambda moment: bool(moment.words.get("notice")),
}
