"""Callers who are to be rung back, each with a telephone and a will of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.journeys.callback_stage import HELLO
from tests.journeys.line_stage import WUHU_NUMBER, LineCallers
from tests.journeys.rung_phone import BUSY, MACHINE, NOBODY_COMES, Manner, RungPhone
from tests.soak.line_people import RandomCaller

# What one does with a call: by how often. Nearly all of them want to talk.
AGREES = Manner(press={HELLO: "1"})
MANNERS = (
    *[AGREES] * 8,
    Manner(press={HELLO: "1"}, hangs_up_after=6.0),
    Manner(speak={HELLO: 1.0}),
    Manner(press={HELLO: "2", "，请按一。": "1"}),
    Manner(press={HELLO: "3"}),
    Manner(hangs_up_at=HELLO),
    Manner(hangs_up_after=0.3),
    Manner(),
    BUSY,
    BUSY,
    NOBODY_COMES,
    MACHINE,
)
# What one presses when calling us, by the words that are heard: into the line, for a callback, to cancel or move it.
INTO_THE_LINE = {"": "0", "接着等回电，请按一；现在就排队": "2"}
STAYS = {"": "0", "接着等回电，请按一；现在就排队": "1"}
BOOKS = {"": "7", "约回电、查回电，请按二": "2", "对，请按一": "1", "轮到您就打，请按一": "1"}
AT_A_SLOT = {"": "7", "约回电、查回电，请按二": "2", "对，请按一": "1", "轮到您就打，请按一": "2", "，请按一。": "1"}
CANCELS = {
    "": "7",
    "约回电、查回电，请按二": "2",
    "不要回电了，请按三": "3",
    "不要回电了，请按一": "1",
    "对，请按一": "1",
    "轮到您就打，请按一": "1",
}
MOVES = {
    "": "7",
    "约回电、查回电，请按二": "2",
    "换个时间，请按二": "2",
    "，请按一。": "1",
    "对，请按一": "1",
    "轮到您就打，请按一": "1",
}
WAYS = (*[INTO_THE_LINE] * 4, STAYS, *[BOOKS] * 3, AT_A_SLOT, *[CANCELS] * 2, MOVES)


@dataclass
class RandomAsker(RandomCaller):
    """Calls for something, and mostly stays until it is said, or until the patience ends."""

    way: dict[str, str] = field(default_factory=dict)

    def choose_way(self) -> dict[str, str]:
        return dict(self.way)

    async def _wait(self) -> None:
        if self.way.get("") == "0":
            await self._pause(0.5, 8.0)
            return
        await self._until(lambda: self.has_heard("再见") or self.has_heard("取消了"))


class RandomTelephone:
    """One caller: the telephone that is rung, and the calls made with it, one at a time."""

    def __init__(self, callers: LineCallers, chance: random.Random) -> None:
        self._callers, self._chance = callers, chance
        manners = [chance.choice(MANNERS) for _ in range(40)]
        self.phone: RungPhone = callers.wait_at(callers.new_number(), *manners, AGREES)
        self.calls: list[RandomAsker] = []

    @property
    def is_idle(self) -> bool:
        return self.phone.call is None and all(call.state == "ended" for call in self.calls)

    def ring(self) -> RandomAsker:
        """Call Wuhu for something."""
        own = random.Random(self._chance.getrandbits(64))
        way = dict(self._chance.choice(WAYS))
        caller = RandomAsker("caller", WUHU_NUMBER, self.phone.number, chance=own, way=way)
        self.calls.append(self._callers.let_ring(caller))
        return caller

    def become_reasonable(self) -> None:
        """From now on every call is answered and agreed to."""
        self.phone.manners = [AGREES]
