"""Which centres have systems of their own, and their keys, from the command line."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from dashboards.provincial.cities.command import city_arguments, run_city_command
from dashboards.provincial.cities.keys import CityKeys
from dashboards.provincial.cities.pull import SEALED_FOR
from integrations.errors import HotlineError
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from queueing.seed import seed_centres
from tests.dashboards.provincial.city_app import HEFEI, TONGLING


@pytest.fixture
def services_with_centres(services: Services, keeper: LibraryKeeper) -> Services:
    seed_centres(services.database, keeper.library().centres)
    return services


def run(services: Services, *words: str) -> int:
    parser = ArgumentParser()
    city_arguments(parser)
    return run_city_command(services, parser.parse_args(words))


def test_a_city_is_added_gets_a_key_and_loses_it(
    services_with_centres: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services = services_with_centres
    assert run(services, "add", TONGLING, "--stale-minutes", "45") == 0
    capsys.readouterr()
    assert run(services, "key", TONGLING) == 0
    key_id, secret = capsys.readouterr().out.split()
    found = CityKeys(services).find(key_id)
    assert found is not None and (found.centre, found.secret) == (TONGLING, secret) and secret not in repr(found)
    assert run(services, "list") == 0
    said = capsys.readouterr().out
    assert "340700" in said and "45 分钟" in said and "在用密钥 1" in said and secret not in said
    assert run(services, "revoke", key_id) == 0 and run(services, "revoke", key_id) == 2
    assert CityKeys(services).find(key_id) is None
    with services.database.pool.connection() as connection:
        deeds = [row[0] for row in connection.execute("SELECT action FROM audit_entry ORDER BY id")]
    assert deeds == ["city_system_set", "city_key_made", "city_key_revoked"]


def test_what_cannot_be_done_is_said(services_with_centres: Services, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(services_with_centres, "add", "999999") == 2
    assert run(services_with_centres, "add", TONGLING, "--stale-minutes", "0") == 2
    with pytest.raises(HotlineError):
        run(services_with_centres, "key", HEFEI)
    assert run(services_with_centres, "list") == 0
    assert "还没有登记" in capsys.readouterr().out


def test_the_address_of_an_exchange_table_is_sealed(services_with_centres: Services, tmp_path: Path) -> None:
    services, path = services_with_centres, tmp_path / "address"
    address = "postgresql://reader:geheim@10.0.0.5/exchange"
    path.write_text(address + "\n", encoding="utf-8")
    assert run(services, "add", TONGLING, "--exchange-file", str(path)) == 0
    with services.database.pool.connection() as connection:
        sealed = connection.execute("SELECT exchange_sealed FROM city_system").fetchone()
    assert sealed is not None and services.sealer.open(sealed[0], SEALED_FOR) == address
    for bad in ("mysql://x/y", "postgresql:///exchange", "two words"):
        path.write_text(bad, encoding="utf-8")
        assert run(services, "add", TONGLING, "--exchange-file", str(path)) == 2
    assert run(services, "add", TONGLING, "--no-exchange") == 0
    with services.database.pool.connection() as connection:
        assert connection.execute("SELECT exchange_sealed FROM city_system").fetchone() == (None,)
