"""Pushing over HTTP: who may, what is answered, and that the description says the same."""

import gzip
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from dashboards.provincial.cities.api import city_blueprint
from dashboards.provincial.cities.formats import LARGEST_BATCH_BYTES
from dashboards.provincial.cities.guard import MOST_IN_A_MINUTE
from dashboards.provincial.cities.openapi import describe
from dashboards.provincial.cities.signature import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from integrations.database import Database
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.provincial.city_app import TONGLING, WUHU, CityApp, build_city_app, call
from tests.waiting import eventually

DESCRIBED = describe({"card-loss"})
KINDS = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}


@pytest.fixture
def city(services: Services, keeper: LibraryKeeper) -> CityApp:
    return build_city_app(services, keeper)


def faults(value: Any, schema: Mapping[str, Any], where: str = "$") -> list[str]:
    """Where a value is not as a schema says; of JSON Schema only what ours uses."""
    if "$ref" in schema:
        return faults(value, DESCRIBED["components"]["schemas"][schema["$ref"].rpartition("/")[2]], where)
    for name in ("oneOf", "anyOf"):
        if name in schema:
            fits = sum(not faults(value, each, where) for each in schema[name])
            return [] if fits == 1 or (fits and name == "anyOf") else [f"{where}: fits {fits}"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(type(value) is KINDS[kind] for kind in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    found = [f"{where}: {value!r}"] if "const" in schema and value != schema["const"] else []
    found += [f"{where}: {value!r}"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, str):
        found += [] if re.search(schema.get("pattern", ""), value) else [f"{where}: {value!r}"]
    if type(value) is int:
        found += [] if schema.get("minimum", value) <= value <= schema.get("maximum", value) else [f"{where}: {value}"]
    if isinstance(value, list):
        for place, each in enumerate(value):
            found += faults(each, schema.get("items", {}), f"{where}[{place}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        found += [f"{where}.{name} is unknown" for name in value if name not in known]
        for name in value.keys() & known.keys():
            found += faults(value[name], known[name], f"{where}.{name}")
    return found


def is_as_described(response: Any, path: str = "/city/v1/batches", method: str = "post") -> bool:
    answers = DESCRIBED["paths"][path][method]["responses"]
    schema = answers[str(response.status_code)]["content"]["application/json"]["schema"]
    assert faults(response.get_json(), schema) == []
    return True


def test_a_signed_batch_is_taken_and_its_receipt_can_be_had_again(city: CityApp) -> None:
    response = city.post("b1", [call(), call("C-2", subject="card-loss", score=2)])
    assert response.status_code == 200 and is_as_described(response)
    assert response.get_json()["accepted"] == 2
    again = city.post("b1", [call(), call("C-2", subject="card-loss", score=2)])
    assert again.get_json()["is_repeated"] and is_as_described(again)
    receipt = city.receipt("b1")
    assert receipt.get_json() == response.get_json()
    assert is_as_described(receipt, "/city/v1/batches/{batch_id}", "get")
    assert city.receipt("b2").status_code == 404
    assert city.rows("SELECT sent_by, via FROM city_batch") == [(city.key[0], "push")]
    assert city.rows("SELECT used_at FROM city_key WHERE id = %s", city.key[0]) == [(city.clock.at,)]


def test_what_is_sent_here_is_as_described(city: CityApp) -> None:
    batch = DESCRIBED["components"]["schemas"]["batch"]
    assert faults(json.loads(city.body("b1", [call(score=None)])), batch) == []
    assert faults(json.loads(city.body("b1", [call(outcome="lost")])), batch) != []


def test_a_refused_batch_is_no_success_and_names_the_lines(city: CityApp) -> None:
    response = city.post("b1", [call(), call("C-2", talk_seconds=...)])
    assert response.status_code == 422 and is_as_described(response)
    receipt = response.get_json()["receipt"]
    assert [(each["line"], each["field"]) for each in receipt["problems"]] == [(2, "talk_seconds")]
    partial = city.post("b2", [call(), call("C-2", talk_seconds=...)], partial=True)
    assert (partial.status_code, partial.get_json()["status"]) == (200, "partial") and is_as_described(partial)


def test_the_description_is_public(city: CityApp) -> None:
    response = city.app.test_client().get("/city/v1/openapi.json")
    assert response.status_code == 200
    rows = response.get_json()["components"]["schemas"]["calls_row"]["properties"]
    assert "card-loss" in rows["subject"]["enum"] and rows["call_id"]["description"].startswith("来电编号")


def test_a_packed_body_is_signed_as_it_travels(city: CityApp) -> None:
    body = gzip.compress(city.body("b1", [call()]))
    headers = {**city.headers("b1", body), "Content-Encoding": "gzip"}
    assert city.send("b1", body, headers).status_code == 200
    cut = body[:-4]
    assert city.send("b1", cut, {**city.headers("b1", cut), "Content-Encoding": "gzip"}).status_code == 400
    bomb = gzip.compress(b" " * (LARGEST_BATCH_BYTES + 1))
    assert city.send("b1", bomb, {**city.headers("b1", bomb), "Content-Encoding": "gzip"}).status_code == 413
    assert city.send("b1", body, {**city.headers("b1", body), "Content-Encoding": "br"}).status_code == 400


def test_only_the_key_of_the_city_is_good(city: CityApp) -> None:
    body = city.body("b1", [call()])
    good = city.headers("b1", body)
    for spoilt in (
        {},
        {**good, SIGNATURE_HEADER: "v1,AAAA"},
        {**good, SIGNATURE_HEADER: "v1,\xe9"},
        {**good, ID_HEADER: "b2"},
        {**good, TIMESTAMP_HEADER: "soon"},
        {**good, "X-City-Key": "ck-nobody"},
        {**good, "X-City-Key": "ck-\x00"},
        city.headers("b1", body, minutes=-6),
        city.headers("b1", body, minutes=6),
    ):
        response = city.send("b1", body, spoilt)
        assert response.status_code == 401 and is_as_described(response)
    assert city.send("b1", body + b" ", good).status_code == 401
    assert city.current() == []
    assert city.send("b1", body, {**good, SIGNATURE_HEADER: f"v1,other {good[SIGNATURE_HEADER]}"}).status_code == 200


def test_a_revoked_key_is_no_key(city: CityApp) -> None:
    assert city.keys.revoke(city.key[0], "wangfang") and not city.keys.revoke(city.key[0], "wangfang")
    assert city.post("b1", [call()]).status_code == 401
    assert [line.revoked_by for line in city.keys.of_centre(TONGLING)] == ["wangfang"]
    stored = city.rows("SELECT secret_sealed FROM city_key")
    assert city.key[1].encode() not in bytes(stored[0][0])


def test_a_key_that_is_revoked_while_its_batch_waits_is_no_key(city: CityApp) -> None:
    with city.services.database.pool.connection() as other, ThreadPoolExecutor(1) as background:
        with other.transaction():
            other.execute("SELECT FROM city_system FOR UPDATE")
            pushing = background.submit(city.post, "b1", [call()])
            waiting = "SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid' AND datname = current_database()"
            eventually(lambda: city.rows(waiting))
            assert city.keys.revoke(city.key[0], "wangfang")
        response = pushing.result()
    assert response.status_code == 401 and is_as_described(response)
    assert city.rows("SELECT count(*) FROM city_batch") == [(0,)] and city.current() == []


def test_a_value_however_deep_is_a_bad_line_like_others(city: CityApp) -> None:
    deep: Any = []
    for _ in range(600):
        deep = [deep]
    for n, rows in enumerate(([call(subject=deep)], [call(subject={"a": deep})], [deep])):
        for _ in range(2):
            response = city.post(f"b{n}", rows)
            assert response.status_code == 422 and is_as_described(response)
            assert response.get_json()["receipt"]["refused"] == 1


def test_nobody_pushes_for_another_city(city: CityApp) -> None:
    response = city.post("b1", [call()], centre=WUHU)
    assert response.status_code == 403 and is_as_described(response)
    city.take("w1", [call()], centre=WUHU)
    assert city.receipt("w1").status_code == 404


def test_what_is_no_batch_is_told_in_a_sentence(city: CityApp) -> None:
    for body, status in (
        (b"{", 400),
        (b"[]", 400),
        (b'{"version": NaN}', 400),
        (b"{}", 422),
        (city.body("b1", [], version=2), 422),
        (city.body("b1", [], version=True), 422),
        (city.body("b1", [], kind="faxes"), 422),
        (city.body("b1", [], kind=None), 422),
        (city.body("b1", [], partial="yes"), 422),
        (city.body("b1", []).replace(b'"rows": []', b'"rows": {}'), 422),
        (city.body("b1", [], more=1), 422),
        (city.body("other", []), 422),
        (city.body("b1", [1] * 10_001), 413),
    ):
        response = city.send("b1", body)
        assert (response.status_code, body[:40]) == (status, body[:40]) and is_as_described(response)
        assert response.get_json()["sentence"].endswith("。") and response.get_json()["error_id"]
    assert city.send("b1", b" " * (LARGEST_BATCH_BYTES + 1)).status_code == 413


def test_the_same_name_for_something_else_is_a_conflict(city: CityApp) -> None:
    city.post("b1", [call()])
    response = city.post("b1", [call("C-2")])
    assert response.status_code == 409 and is_as_described(response)


def test_too_many_in_a_minute_wait_for_the_next(city: CityApp) -> None:
    city.services.live_store.set(f"city:pushes:{city.key[0]}:{int(city.clock.at.timestamp()) // 60}", MOST_IN_A_MINUTE)
    response = city.post("b1", [call()])
    assert response.status_code == 429 and is_as_described(response)
    assert response.headers["Retry-After"] == "60"
    city.clock.forward(minutes=1)
    assert city.post("b1", [call()]).status_code == 200


def test_without_the_database_the_sender_is_told_to_come_again(city: CityApp) -> None:
    gone = replace(city.services, database=Database("postgresql://nobody@127.0.0.1:1/none"))
    app = Flask("gone")
    app.register_blueprint(city_blueprint(gone))
    body = city.body("b1", [call()])
    response = app.test_client().post("/city/v1/batches", data=body, headers=city.headers("b1", body))
    assert response.status_code == 503 and is_as_described(response)
    assert int(response.headers["Retry-After"]) > 0
    gone.database.close()
