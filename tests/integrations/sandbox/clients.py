"""Plain clients of the sandbox's protocols, written from its docstrings and not with its code."""

import base64
import hashlib
import json
import re
import secrets
import time
from datetime import datetime
from http.client import HTTPConnection
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

INSTITUTION, SIGN_KEY, SM4_KEY = "H34010012333", "sandbox-medical-sign-key", b"SandboxSm4Key016"
USER, PASSWORD = "12333", "sandbox-card"
APP_KEY = "hotline-12333"
TOKENS = {"hefei": "sandbox-pension-hefei-token", "province": "sandbox-pension-province-token"}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_numbers = count(secrets.randbelow(9000))


def sm3(text: str) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode("utf-8", "replace"))
    return digest.finalize().hex()


def post(port: int, path: str, body: bytes, headers: dict[str, str], timeout: float = 20) -> tuple[int, bytes]:
    """(status, body). Whatever the connection does to its client comes out as it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# the national medical platform


def message(id_number: str, **changed: Any) -> dict[str, Any]:
    """A request for a person, not yet signed."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    data = {
        "mdtrt_cert_type": "02", "mdtrt_cert_no": id_number, "psn_cert_type": "01", "certno": id_number,
        "psn_name": "", "begntime": f"{now:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    return {
        "infno": "1101", "msgid": f"{INSTITUTION}{now:%Y%m%d%H%M%S}{next(_numbers) % 10000:04d}",
        "mdtrtarea_admvs": "340000", "insuplc_admdvs": "", "recer_sys_code": "12333", "dev_no": "", "dev_safe_info": "",
        "cainfo": "", "signtype": "SM3", "infver": "V1.0", "opter_type": "1", "opter": "12333", "opter_name": "热线",
        "inf_time": f"{now:%Y-%m-%d %H:%M:%S}", "fixmedins_code": INSTITUTION, "fixmedins_name": "12333热线",
        "sign_no": "", "input": {"data": data},
    } | changed  # fmt: skip


def signed(unsigned: dict[str, Any], key: str = SIGN_KEY) -> dict[str, Any]:
    parts = [f"{k}={unsigned[k]}" for k in sorted(unsigned) if k not in ("cainfo", "input") and unsigned[k] != ""]
    written = json.dumps(unsigned["input"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return unsigned | {"cainfo": sm3("&".join([*parts, f"input={written}", f"key={key}"])).upper()}


def ask_medical(port: int, request: dict[str, Any], timeout: float = 20) -> dict[str, Any]:
    body = json.dumps(request, ensure_ascii=False).encode()
    status, answer = post(port, "/medical/national", body, {"Content-Type": "application/json"}, timeout)
    assert status == 200
    return dict(json.loads(answer))


def opened(output: Any) -> dict[str, Any]:
    """The output, deciphered when it is sealed."""
    if isinstance(output, dict):
        return output
    decryptor = Cipher(algorithms.SM4(SM4_KEY), modes.ECB()).decryptor()
    padded = decryptor.update(base64.b64decode(output, validate=True)) + decryptor.finalize()
    return dict(json.loads(padded[: -padded[-1]]))


def look_up_medical(port: int, id_number: str, **changed: Any) -> dict[str, Any]:
    return ask_medical(port, signed(message(id_number, **changed)))


# the pension buses


def bus_headers(place: str, service: str, **changed: str) -> dict[str, str]:
    timestamp = changed.get("timestamp", str(int(time.time())))
    nonce = changed.get("nonce", secrets.token_hex(8))
    signing = timestamp + changed.get("token", TOKENS[place]) + nonce + timestamp
    signature = hashlib.sha256(signing.encode()).hexdigest() if place == "hefei" else sm3(signing)
    return {
        "x-tif-serviceid": service, "x-tif-paasid": changed.get("app_key", APP_KEY), "x-tif-timestamp": timestamp,
        "x-tif-nonce": nonce, "x-tif-signature": changed.get("signature", signature),
    }  # fmt: skip


def ask_bus(port: int, place: str, service: str, body: Any, **changed: str) -> tuple[int, dict[str, Any]]:
    headers = bus_headers(place, service, **changed) | {"Content-Type": "application/json"}
    status, answer = post(port, f"/pension/{place}", json.dumps(body).encode(), headers)
    return status, dict(json.loads(answer))


# the card systems


def envelope(operation: str, *strings: str) -> bytes:
    """A SOAP 1.1 call by hand."""
    escaped = [s.replace("&", "&amp;").replace("<", "&lt;") for s in strings]
    arguments = "".join(f"<c:args{n}>{text}</c:args{n}>" for n, text in enumerate(escaped))
    return (
        f'<e:Envelope xmlns:e="{SOAP}" xmlns:c="http://service.card"><e:Body><c:{operation}>{arguments}</c:{operation}>'
        "</e:Body></e:Envelope>"
    ).encode()


def call_card(port: int, place: str, operation: str, *strings: str, timeout: float = 20) -> str:
    """The string that a card system answered."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"urn:{operation}"'}
    status, answer = post(port, f"/card/{place}", envelope(operation, *strings), headers, timeout)
    assert status == 200, answer
    found = re.search(r"<ns:return>(.*)</ns:return>", answer.decode(), re.DOTALL)
    assert found is not None
    return found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def look_up_card(port: int, place: str, id_number: str, operation: str = "getAC01", name: str = "") -> str:
    return call_card(port, place, operation, USER, PASSWORD, id_number, name, "")


def act(port: int, place: str, operation: str, card: str, timeout: float = 20, **more: str) -> str:
    tags = {"操作*": operation, "用户名*": USER, "密码*": PASSWORD, "社保卡号*": card} | more
    text = "".join(f"<{name}>{value}</{name}>" for name, value in tags.items())
    return call_card(port, place, "allDsjk", text, timeout=timeout)


def values(text: str, tag: str) -> list[str]:
    """Every value of a tag, in order."""
    return re.findall(f"<{re.escape(tag)}>(.*?)</{re.escape(tag)}>", text)


def value(text: str, tag: str) -> str:
    found = values(text, tag)
    assert len(found) == 1, (tag, found)
    return found[0]
