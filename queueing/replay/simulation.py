"""A centre's day in virtual time: callers, consultants and callbacks, each step decided by the rules in use.

Pure. `play` gives the journal of the day and of the days after it on which its callbacks are made. Callers hold on as
long as their patience lasts, whatever they are told; what they are told decides when a callback is offered.
"""

from __future__ import annotations

from functools import partial

from queueing.replay import journal as facts
from queueing.replay.calling_back import CallingBack
from queueing.replay.day import Arrivals, People, Person
from queueing.replay.journal import Journal, Sample
from queueing.replay.places import Callback, Line, Place
from queueing.replay.plan import Plan
from queueing.replay.setting import Setting
from queueing.replay.staff import Break, Consultant, Staff, plan_breaks
from queueing.replay.virtual_time import Timeline
from queueing.routing import rank

# What is told in the line is told again so often, and the offer is heard and answered in so long. Seconds.
ROUND, OFFER_HEARD = 60.0, 15.0
# As `queueing.entries`: whoever gave up and rings again within this time gets what was waited before.
RETURNS_WITHIN = 1800.0
SAMPLED_EVERY = 60.0
AFTER_HOURS = 8 * 3600.0


def play(
    plan: Plan,
    setting: Setting,
    people: People,
    effective: float,
    wanting: int,
    with_callbacks: bool,
    whole_days: int = 1,
) -> Journal:
    """One day and what follows of it. `wanting`: people who want a human, each day.

    So many `whole_days` are played, and then on until the first day's people are all done with; but never more than
    `setting.MOST_DAYS_FOLLOWED`.
    """
    return Centre(plan, setting, people, effective, wanting, with_callbacks).play(whole_days)


class Centre:
    """The centre while it is played."""

    def __init__(
        self, plan: Plan, setting: Setting, people: People, effective: float, wanting: int, with_callbacks: bool
    ) -> None:
        self.plan, self.setting, self.people = plan, setting, people
        self.effective, self.wanting, self.with_callbacks = effective, wanting, with_callbacks
        self.timeline = Timeline()
        self.staff = Staff(plan.consultants, setting.code, self.timeline, setting.moment, self.dispatch)
        self.line = Line(setting.code, setting.line, self.staff, setting.moment)
        self.days = setting.open_days()
        self.calling_back = CallingBack(self)
        self.journal = Journal(self._first_day(True), self._first_day(False), tuple(self.days[0]))
        self.served: set[int] = set()
        self.is_open = False
        self._calls = 0
        self._waited_before: dict[int, list[tuple[float, float]]] = {}

    @property
    def now(self) -> float:
        return self.timeline.now

    def play(self, whole_days: int) -> Journal:
        for day, spans in enumerate(self.days):
            is_whole = day < whole_days
            if not is_whole and self.calling_back.owes_nobody_of_the_first_day():
                break
            self._plan_day(day, spans)
            if is_whole:
                self.timeline.run(self._end_of(day))
                self.journal.owed.append(len(self.calling_back.open))
            else:
                self.timeline.run(self._end_of(day), self.calling_back.owes_nobody_of_the_first_day)
        return self.journal

    def _end_of(self, day: int) -> float:
        """Whatever a day has begun is over by then: talks, and dialling again."""
        last = self.days[day][-1][1] + AFTER_HOURS
        return min(last, self.days[day + 1][0][0]) if day + 1 < len(self.days) else last

    def _of_day(self, day: int) -> list[Person]:
        # Who only listens to a recording is in nobody's way: counted on the day that is judged.
        return self.people.of_day(day, self.wanting, 0 if day else self.plan.calls - self.plan.wanting)

    def _first_day(self, wants_human: bool) -> frozenset[int]:
        return frozenset(person.number for person in self._of_day(0) if person.wants_human is wants_human)

    def _plan_day(self, day: int, spans: list[tuple[float, float]]) -> None:
        # Who is off first differs from day to day.
        turn = self.people.seed + day
        breaks = plan_breaks(self.plan.consultants, self.effective, spans, turn % self.plan.consultants)
        for since, until in spans:
            of_span = [each for each in breaks if since - 1 <= each.since < until]
            self.timeline.plan(since, partial(self._open, day, of_span))
            self.timeline.plan(until, partial(self._close, day))
        arrivals = Arrivals(self.plan, spans)
        for person in self._of_day(day):
            self.timeline.plan(arrivals.time_of(person), partial(self._call, person, 0))
        if day == 0:
            self.timeline.plan(spans[0][0], self._sample)

    # the centre opens and closes

    def _open(self, day: int, breaks: list[Break]) -> None:
        self.is_open = True
        self._count_staff(day, -1)
        self.staff.sign_in(breaks)

    def _close(self, day: int) -> None:
        """Who stands in the line is still served; callbacks wait for decent hours."""
        self.is_open = False
        self._count_staff(day, 1)
        self.calling_back.park()
        self._let_go_home()

    def _count_staff(self, day: int, sign: int) -> None:
        if day == 0:
            self.journal.served_seconds += sign * self.staff.served_seconds()

    def _let_go_home(self) -> None:
        if not self.is_open and not self.line.callers:
            self.staff.sign_out()

    def _sample(self) -> None:
        callbacks = self.line.count_waiting_callbacks()
        self.journal.samples.append(Sample(self.now, self.line.callers, callbacks))
        if self.now < self.days[0][-1][1]:
            self.timeline.plan(self.now + SAMPLED_EVERY, self._sample)

    # a call

    def _call(self, person: Person, count: int) -> None:
        if person.number in self.served:
            return
        self._calls += 1
        call = self._calls
        self._note(facts.CALLED, person, call)
        if not person.wants_human:
            self._note(facts.AUTOMATIC, person, call)
            return
        open_one = self.calling_back.of(person)
        if open_one is not None and not self.calling_back.can_come(open_one, person.try_number(count), self.is_open):
            self._note(facts.KEPT, person, call)
        elif not self.is_open:
            self._call_when_closed(person, count, call)
        elif self.line.waiting_callers() >= self.setting.line.most_waiting:
            self._find_it_full(person, count, call)
        else:
            self._join(person, count, call, open_one)

    def _call_when_closed(self, person: Person, count: int, call: int) -> None:
        """Told when somebody is there again; key 7 asks to be rung then."""
        self._note(facts.CLOSED, person, call)
        if self.with_callbacks and person.try_number(count).wants_callback:
            self.calling_back.book(person, count, "menu")

    def _join(self, person: Person, count: int, call: int, came: Callback | None) -> None:
        if came is not None:
            rank_at, rules = self.calling_back.come(came)
        else:
            arrived = self.setting.moment(self.now)
            rank_at, names = rank(arrived, waited_before_seconds=self._waited_lately(person), rules=self.setting.line)
            rules = tuple(names)
        place = self.line.join(person, self.now, rank_at, rules, call, None)
        # Who rings in keeps what was promised: leaving the line again does not undo the callback.
        place.is_owed_callback = came is not None
        patience = person.try_number(count).patience
        self.timeline.plan(self.now + patience, lambda: self._give_up(place, count))
        limit = 60.0 * self.setting.line.longest_wait_minutes
        if patience > limit:
            self.timeline.plan(self.now + limit, lambda: self._reach_limit(place, count))
        self.dispatch()
        if self.with_callbacks:
            self._round(place, count)

    def _waited_lately(self, person: Person) -> float:
        waits = self._waited_before.get(person.number, [])
        return sum(seconds for joined, seconds in waits if joined > self.now - RETURNS_WITHIN)

    def _give_up(self, place: Place, count: int) -> None:
        if not self.line.stands(place):
            return
        waited = self.now - place.joined
        self._leave(place)
        self._note(facts.HUNG_UP, place.person, place.call, value=waited)
        self.line.lately.note_gone(place.joined, self.now)
        self._waited_before.setdefault(place.person.number, []).append((place.joined, waited))
        if self.with_callbacks:
            self.calling_back.ring_back_by_itself(place, waited)
        self._redial(place.person, count)
        self._let_go_home()

    def _reach_limit(self, place: Place, count: int) -> None:
        """Waited as long as anybody may: rung instead, or left to dial again."""
        if not self.line.is_waiting(place):
            return
        self._leave(place)
        self._note(facts.LIMIT, place.person, place.call, value=self.now - place.joined)
        if self.with_callbacks:
            self.calling_back.book(place.person, count, "limit")
        else:
            self._redial(place.person, count)
        self._let_go_home()

    def _find_it_full(self, person: Person, count: int, call: int) -> None:
        """Told so, and that a key asks to be rung."""
        self._note(facts.FULL, person, call)
        if self.with_callbacks and person.try_number(count).wants_callback:
            self.calling_back.book(person, count, "limit")
        else:
            self._redial(person, count)

    def _redial(self, person: Person, count: int) -> None:
        after = person.try_number(count).redials_after
        if after is not None:
            self.timeline.plan(self.now + after, lambda: self._call(person, count + 1))

    def _leave(self, place: Place) -> None:
        consultant, place.rings_at = place.rings_at, None
        self.line.leave(place)
        if consultant is not None:
            self.staff.move(consultant, "release")

    def _round(self, place: Place, count: int) -> None:
        """What is told in the line, until a callback is offered: when the time told, or waited, has become long."""
        # Whoever wants no callback waits as long, whatever is told.
        if not self.line.stands(place) or not place.person.try_number(count).wants_callback:
            return
        if self.line.is_waiting(place) and (spoken := self.line.tell(place, self.now)):
            longest = self.setting.line.offer_callback_after_minutes
            if (spoken.high or 0) > longest or self.now - place.joined >= 60.0 * longest:
                self.timeline.plan(self.now + OFFER_HEARD, lambda: self._accept_offer(place, count))
                return
        self.timeline.plan(self.now + ROUND, lambda: self._round(place, count))

    def _accept_offer(self, place: Place, count: int) -> None:
        if self.line.stands(place):
            self._leave(place)
            self._note(facts.BOOKED, place.person, place.call, value=self.now - place.joined)
            self.calling_back.book(place.person, count, "line", place)
            self._let_go_home()

    # who gets whom

    def dispatch(self) -> None:
        """Everybody who is free gets who is next; without anybody to serve after hours, they go home."""
        for seat, place in self.line.take_pairs(self.now):
            consultant = self.staff.consultants[seat.agent_id]
            self.staff.move(consultant, "offer")
            if place.callback is not None:
                self.calling_back.dial(place, consultant)
            else:
                self._ring(place, consultant)
        self._let_go_home()

    def _ring(self, place: Place, consultant: Consultant) -> None:
        place.rings_at = consultant
        seconds = min(place.person.try_number(0).pick_up, self.setting.line.ring_seconds)
        self.timeline.plan(self.now + seconds, lambda: self._answer(place, consultant, seconds))

    def _answer(self, place: Place, consultant: Consultant, rang: float) -> None:
        if place.rings_at is not consultant:
            return
        waited = self.now - place.joined
        self.line.leave(place)
        self._note(facts.ANSWERED, place.person, place.call, value=waited)
        self.line.lately.note_answered(place.joined, self.now)
        self.talk(place.person, consultant, rang)

    def talk(self, person: Person, consultant: Consultant, before: float) -> None:
        """Talk and wrap-up; `before`: seconds that the consultant was already taken up by it."""
        self.served.add(person.number)
        self.staff.move(consultant, "answer")
        handling = person.try_number(0).handling
        wrap_up = min(float(self.setting.line.wrap_up_seconds), handling / 2)
        self.timeline.plan(self.now + handling - wrap_up, lambda: self.staff.move(consultant, "end_talk"))

        def finish() -> None:
            self.line.lately.note_handled(self.now, before + handling)
            self.staff.move(consultant, "finish")
            self._let_go_home()

        self.timeline.plan(self.now + handling, finish)

    def _note(self, kind: str, person: Person, number: int, word: str = "", value: float = 0.0) -> None:
        self.journal.note(self.now, kind, person.number, number, word, value)
