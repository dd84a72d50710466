"""A caller who leaves a message, and the carrier's words about its recording."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from tests.caller import Caller
from tests.ivr.conftest import Clock

Request = tuple[str, dict[str, str]]


@dataclass
class Speaker(Caller):
    """Takes a second for each key, so that none is taken for a bad line's echo."""

    clock: Clock = field(default_factory=Clock)
    mark: int = 0
    # The recording of this call that the carrier made last.
    take: str = ""
    seconds: int = 0
    told_at: str = ""

    def press(self, keys: str) -> Speaker:
        self.clock.tick(1)
        self.mark = len(self.heard)
        super().press(keys)
        return self

    def waits(self) -> Speaker:
        """Presses nothing until the document has run out."""
        self.clock.tick(6)
        self.mark = len(self.heard)
        self.wait()
        return self

    def says(self, seconds: int, told: bool = True) -> Speaker:
        """Speaks so long and ends it by #; `told`: the carrier tells the message as well."""
        action, words = self.spoken(seconds)
        self.mark = len(self.heard)
        if told:
            self.send(self.report())
        self._go(action, words | {"Digits": "#"})
        return self

    def spoken(self, seconds: int) -> Request:
        """Speaks, and the line is still up: where the carrier would go now, and with which words."""
        verb = self._rest().verb
        assert verb.tag == "Record"
        self.take = "RE" + secrets.token_hex(16)
        self.clock.tick(seconds)
        self.told_at, self.seconds = verb.attrib["recordingStatusCallback"], seconds
        return verb.attrib["action"], {"RecordingSid": self.take, "RecordingDuration": str(seconds)}

    def report(self, status: str = "completed") -> Request:
        """What the carrier tells of the take that was spoken last."""
        form = {"RecordingSid": self.take, "RecordingStatus": status, "RecordingDuration": str(self.seconds)}
        return self.told_at, form

    def send(self, request: Request) -> int:
        """One signed request; the status of the answer."""
        return self.request(*request)[0]

    def hangs_up_speaking(self, seconds: int) -> Speaker:
        """Speaks and puts the telephone down: the carrier tells it to three addresses."""
        for request in self.hung_up(seconds):
            assert self.send(request) in (200, 204)
        return self

    def hung_up(self, seconds: int) -> list[Request]:
        """The action of the recording, its report and the end of the call, in the carrier's usual order."""
        action, words = self.spoken(seconds)
        self.is_over = True
        end = f"{self.base_url}/ivr/status", {"CallStatus": "completed", "CallDuration": "30"}
        return [(action, words | {"Digits": "hangup", "CallStatus": "completed"}), self.report(), end]

    @property
    def said(self) -> str:
        """What was heard since the last key."""
        return "".join(self.heard[self.mark :])
