"""A carrier to call, as a process of its own: it holds every request against the published contract.

`carrier_contract.json` beside it is trimmed from the carrier's OpenAPI document. What the contract does not know
(a parameter, a value, a missing required one) is refused and kept as a violation. Answers are the contract's own
examples with our values in them; faults are asked for by the test, an operation at a time.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import wave
from base64 import b64encode
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, PROJECT_DIR

OPERATIONS = json.loads(Path(__file__).with_name("carrier_contract.json").read_text(encoding="utf-8"))["operations"]
ACCOUNT = f"/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}"
MEDIA = "Media"
LONGEST_WAIT = 60.0
# Values that the contract names in its words alone.
IN_WORDS = {"MachineDetection": ("Enable", "DetectMessageEnd"), "AsyncAmd": ("true", "false")}
ERRORS = {"404": 20404, "429": 20429, "500": 20500, "400": 21210}
# "Invalid 'To' phone number": nobody will ever reach it.
BAD_NUMBER = "bad number"
BAD_NUMBER_ERROR = {"code": 21211, "message": "The 'To' number is not valid", "status": 400, "more_info": ""}
ZEROS = bytes(1024 * 1024)
Answer = tuple[int, Any]


def sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"


def silence(seconds: float, rate: int = 8000) -> bytes:
    """A WAV of both sides of a talk in which nobody speaks."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(4 * int(seconds * rate)))
    return file.getvalue()


class Carrier:
    """What the carrier knows, and what it was asked."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.clear()

    def clear(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        self.conferences: dict[str, str] = {}
        self.recordings: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, list[str]] = {}
        self.requests: list[dict[str, Any]] = []
        self.violations: list[str] = []
        # Let go of whoever still waits for a slow answer.
        self.release.set()
        self.release = threading.Event()

    def find(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        for name, operation in OPERATIONS.items():
            # The more general address would swallow the more special one.
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/.]+)", operation["path"])
            match = re.fullmatch(pattern, path)
            if match and operation["method"] == method:
                return name, match.groupdict()
        if method == "GET" and (media := re.fullmatch(ACCOUNT + r"/Recordings/(?P<Sid>\w+)\.wav", path)):
            return MEDIA, media.groupdict()
        return None

    def complaints(self, name: str, names: dict[str, str], query: Any, form: Any) -> list[str]:
        operation = OPERATIONS[name]
        found = [
            f"{name}: {key}={names[key]}"
            for key, p in operation["path_patterns"].items()
            if not re.search(p, names[key])
        ]
        for given, known in ((query, operation["query"]), (form, operation["form"])):
            for key, values in given.items():
                if key not in known or not all(_fits(key, value, known[key]) for value in values):
                    found.append(f"{name}: {key}={values}")
                elif len(values) > 1 and not known[key].get("many"):
                    found.append(f"{name}: {key} given {len(values)} times")
        return found + [f"{name}: {key} is missing" for key in operation["required"] if key not in form]

    def perform(self, name: str, names: dict[str, str], query: dict[str, str], form: dict[str, str]) -> Answer:
        return getattr(self, f"_{name}")(names, query, form)

    def _ListCall(self, names: Any, query: Any, form: Any) -> Answer:
        if "StartTime>" in query:
            return self._days_of_calls(query)
        found = [c for c in self.calls.values() if c["to"] == query["To"] and c["status"] == query["Status"]]
        return self._page("ListCall", "calls", found)

    def _days_of_calls(self, query: Any) -> Answer:
        """Calls that began on these days, three on a page; what is finer than a day is not understood."""
        since, until = query["StartTime>"][:10], query["StartTime<"][:10]
        began = [(parsedate_to_datetime(c["start_time"]).date().isoformat(), c) for c in self.calls.values()]
        found = [call for day, call in began if since <= day < until]
        page = int(query.get("Page", 0))
        status, answer = self._page("ListCall", "calls", found[3 * page : 3 * page + 3])
        if len(found) > 3 * page + 3:
            answer["next_page_uri"] = f"{ACCOUNT}/Calls.json?{urlencode(query | {'Page': page + 1})}"
        return status, answer

    def _CreateCall(self, names: Any, query: Any, form: Any) -> Answer:
        call = {"sid": sid("CA", len(self.calls) + 1), "to": form["To"], "from": form["From"], "status": "queued"}
        self.calls[call["sid"]] = call
        return 201, OPERATIONS["CreateCall"]["example"] | call

    def _FetchCall(self, names: Any, query: Any, form: Any) -> Answer:
        call = self.calls.get(names["Sid"])
        return (200, OPERATIONS["FetchCall"]["example"] | call) if call else _error("404")

    def _UpdateCall(self, names: Any, query: Any, form: Any) -> Answer:
        call = self.calls.get(names["Sid"])
        if call is None:
            return _error("404")
        if call["status"] not in ("queued", "ringing", "in-progress"):
            return 400, {"code": 21220, "message": f"Call to {call['to']} is not in-progress.", "status": 400}
        if form.get("Status") == "completed" or (form.get("Status") == "canceled" and call["status"] != "in-progress"):
            call["status"] = form["Status"]
        return 200, OPERATIONS["UpdateCall"]["example"] | call

    def _CreateMessage(self, names: Any, query: Any, form: Any) -> Answer:
        text = {"sid": sid("SM", len(self.texts) + 1), "to": form["To"], "from": form["From"], "status": "queued"}
        self.texts[text["sid"]] = text
        return 201, OPERATIONS["CreateMessage"]["example"] | text

    def _FetchMessage(self, names: Any, query: Any, form: Any) -> Answer:
        text = self.texts.get(names["Sid"])
        return (200, OPERATIONS["FetchMessage"]["example"] | text) if text else _error("404")

    def _ListConference(self, names: Any, query: Any, form: Any) -> Answer:
        found = [s for s, name in self.conferences.items() if name == query["FriendlyName"]]
        wanted = [{"sid": s, "friendly_name": query["FriendlyName"], "status": query["Status"]} for s in found]
        return self._page("ListConference", "conferences", wanted)

    def _UpdateParticipant(self, names: Any, query: Any, form: Any) -> Answer:
        if names["ConferenceSid"] not in self.conferences:
            return _error("404")
        ours = {"call_sid": names["CallSid"], "conference_sid": names["ConferenceSid"]}
        return 200, OPERATIONS["UpdateParticipant"]["example"] | ours

    def _DeleteParticipant(self, names: Any, query: Any, form: Any) -> Answer:
        return (204, None) if names["ConferenceSid"] in self.conferences else _error("404")

    def _CreateCallRecording(self, names: Any, query: Any, form: Any) -> Answer:
        recording = {"sid": sid("RE", len(self.recordings) + 1), "call_sid": names["CallSid"], "status": "in-progress"}
        self.recordings[recording["sid"]] = recording
        return 201, OPERATIONS["CreateCallRecording"]["example"] | recording

    def _UpdateCallRecording(self, names: Any, query: Any, form: Any) -> Answer:
        recording = self.recordings.get(names["Sid"])
        if recording is None:
            return _error("404")
        recording["status"] = form["Status"]
        return 200, OPERATIONS["UpdateCallRecording"]["example"] | _shown(recording)

    def _ListCallRecording(self, names: Any, query: Any, form: Any) -> Answer:
        found = [_shown(r) for r in self.recordings.values() if r["call_sid"] == names["CallSid"]]
        return self._page("ListCallRecording", "recordings", found)

    def _DeleteRecording(self, names: Any, query: Any, form: Any) -> Answer:
        return (204, None) if self.recordings.pop(names["Sid"], None) else _error("404")

    def _Media(self, names: Any, query: Any, form: Any) -> Answer:
        recording = self.recordings.get(names["Sid"])
        if recording is None:
            return _error("404")
        if "huge" in recording:
            return 200, range(recording["huge"])
        if "file" in recording:
            return 200, Path(recording["file"]).read_bytes()
        sound = recording.get("body")
        return 200, silence(recording["sound_seconds"]) if sound is None else sound.encode()

    def _page(self, name: str, items: str, found: list[dict[str, Any]]) -> Answer:
        example = OPERATIONS[name]["example"]
        shown = [example[items][0] | one for one in found]
        return 200, example | {items: shown, "next_page_uri": None, "previous_page_uri": None}


def _shown(recording: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recording.items() if key not in ("sound_seconds", "body", "file", "huge")}


def _error(status: str) -> Answer:
    message = "The number +8613855512345 is not what it was"
    return int(status), {"code": ERRORS[status], "message": message, "status": int(status), "more_info": ""}


def _fits(key: str, value: str, known: dict[str, Any]) -> bool:
    if value not in IN_WORDS.get(key, (value,)):
        return False
    if "enum" in known and value not in known["enum"]:
        return False
    if "pattern" in known and not re.search(known["pattern"], value):
        return False
    if known["type"] == "integer":
        return value.isdigit()
    if known["type"] == "boolean":
        return value in ("true", "false")
    return known.get("format") != "uri" or bool(urlsplit(value).scheme and urlsplit(value).netloc)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    carrier: Carrier

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path == "/control":
            self._control(json.loads(body or b"{}"))
            return
        found = self.carrier.find(self.command, parts.path)
        if found is None:
            self.carrier.violations.append(f"{self.command} {parts.path}")
            self._send(*_error("404"))
            return
        self._operation(*found, parse_qs(parts.query, keep_blank_values=True), parse_qs(body.decode()))

    def _operation(self, name: str, names: dict[str, str], query: Any, form: Any) -> None:
        carrier = self.carrier
        carrier.requests.append({"operation": name, "names": names, "query": query, "form": form})
        credentials = b64encode(f"{DEMO_ACCOUNT_SID}:{DEMO_AUTH_TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {credentials}":
            self._send(401, {"code": 20003, "message": "Authenticate", "status": 401})
            return
        if name != MEDIA and (wrong := carrier.complaints(name, names, query, form)):
            carrier.violations += wrong
            self._send(*_error("400"))
            return
        fault = carrier.faults[name].pop(0) if carrier.faults.get(name) else ""
        if fault in ERRORS:
            self._send(*_error(fault))
            return
        if fault == BAD_NUMBER:
            self._send(400, BAD_NUMBER_ERROR)
            return
        single = [{key: values[0] for key, values in given.items()} for given in (query, form)]
        self._send_after(fault, *carrier.perform(name, names, single[0], single[1]))

    def _send_after(self, fault: str, status: int, content: Any) -> None:
        """The answer, or what is left of it: the thing itself has been done by now."""
        if isinstance(content, range):
            self._send_zeros(len(content))
            return
        if fault == "slow":
            self.carrier.release.wait(LONGEST_WAIT)
        if fault in ("slow", "cut"):
            self.close_connection = True
        elif fault == "broken":
            self._send(status, b'{"sid": ')
        elif fault == "empty":
            self._send(status, {})
        elif fault == "500 done":
            self._send(*_error("500"))
        elif fault == "half":
            self._send(status, content, cut_at=len(content) // 2)
        else:
            self._send(status, content)

    def _control(self, asked: dict[str, Any]) -> None:
        carrier = self.carrier
        if asked.get("clear"):
            carrier.clear()
        for name in ("calls", "conferences", "recordings", "texts", "faults"):
            getattr(carrier, name).update(asked.get(name, {}))
        state = ("calls", "conferences", "recordings", "requests", "violations")
        self._send(200, {name: getattr(carrier, name) for name in state})

    def _send_zeros(self, size: int) -> None:
        """So many bytes, until nobody wants more."""
        self.send_response(200)
        self.send_header("Content-Type", "audio/x-wav")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            for _ in range(0, size, len(ZEROS)):
                self.wfile.write(ZEROS)

    def _send(self, status: int, content: Any, cut_at: int | None = None) -> None:
        body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "audio/x-wav" if body[:4] == b"RIFF" else "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_at])
        if cut_at is not None:
            self.close_connection = True


class CarrierStandIn:
    """The process, from the test's side."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.carrier_stand_in"], stdout=subprocess.PIPE, cwd=PROJECT_DIR
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def control(self, **asked: Any) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/control", json.dumps(asked))
            state: dict[str, Any] = json.loads(connection.getresponse().read())
            return state
        finally:
            connection.close()

    def clear(self) -> None:
        self.control(clear=True)

    def fail(self, operation: str, *faults: str) -> None:
        """The next requests of this operation go wrong, each in its way."""
        self.control(faults={operation: list(faults)})

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [request for request in self.control()["requests"] if request["operation"] == operation]

    def add_call(self, number: int, status: str, to: str = "client:agent-17", **more: Any) -> str:
        call_sid = sid("CA", number)
        self.control(calls={call_sid: {"sid": call_sid, "to": to, "from": "12333", "status": status, **more}})
        return call_sid

    def add_caller(self, number: int, began: datetime, status: str = "completed", to: str = "12333") -> str:
        """Somebody has called in."""
        is_over = status not in ("queued", "ringing", "in-progress")
        times = {"start_time": format_datetime(began), "end_time": format_datetime(began) if is_over else None}
        return self.add_call(number, status, to, direction="inbound", **times)

    def add_recording(self, number: int, call_sid: str, seconds: int, status: str = "completed", **more: Any) -> str:
        recording_sid = sid("RE", number)
        recording = {"sid": recording_sid, "call_sid": call_sid, "status": status, "duration": str(seconds)}
        self.control(recordings={recording_sid: recording | {"sound_seconds": seconds} | more})
        return recording_sid

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    Handler.carrier = Carrier()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
