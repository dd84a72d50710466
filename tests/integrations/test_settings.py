"""Settings: defaults for this machine, and every problem at once."""

import base64
import json
import stat
from pathlib import Path

import pytest

from integrations.demo_keys import DemoKeys, load_or_make_demo_keys
from integrations.errors import SettingsError
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, Settings, is_loopback

KEY = base64.b64encode(b"k" * 32).decode()
KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
PUBLIC = {
    "BIND": "0.0.0.0",
    "PUBLIC_BASE_URL": "https://hotline.example.cn/",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "a-real-secret",
    "SECRET_KEY": KEY,
    "DATA_KEY": KEY,
    "HASH_KEY": KEY,
}


def read(env: dict[str, str]) -> Settings:
    return Settings.from_env(env, load_demo_keys=lambda var_dir: KEYS)


def problems(env: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(env)
    return caught.value.problems


def test_nothing_set_means_a_demo_on_this_machine() -> None:
    settings = read({})
    assert (settings.bind, settings.port) == ("127.0.0.1", 12333)
    assert settings.public_base_url == "http://127.0.0.1:12333"
    assert settings.demo
    assert settings.carrier_account_sid == DEMO_ACCOUNT_SID
    assert settings.carrier_auth_token == DEMO_AUTH_TOKEN
    assert settings.data_key == KEYS.data_key
    assert settings.database_url is None and settings.redis_url is None
    assert settings.var_dir.is_absolute()


def test_another_port_is_also_the_public_address() -> None:
    assert read({"PORT": "12400"}).public_base_url == "http://127.0.0.1:12400"


def test_our_own_gateway_is_the_carrier_unless_an_account_is_given() -> None:
    assert read({}).carrier_is_gateway
    assert not read({"TWILIO_ACCOUNT_SID": "AC" + "1" * 32}).carrier_is_gateway


def test_the_gateway_listens_beside_the_web_server() -> None:
    settings = read({})
    assert (settings.gateway_bind, settings.gateway_port) == ("127.0.0.1", 12334)
    assert settings.gateway_url == "ws://127.0.0.1:12334"
    assert read({"PORT": "12400"}).gateway_port == 12401
    assert read({"PORT": "65535"}).gateway_port == 65534
    assert read({"BIND": "::1"}).gateway_bind == "::1"


def test_the_gateway_can_stand_elsewhere() -> None:
    settings = read({"GATEWAY_PORT": "9000", "GATEWAY_BIND": "127.0.0.2", "GATEWAY_URL": "wss://voice.example.cn/gw/"})
    assert (settings.gateway_port, settings.gateway_bind) == (9000, "127.0.0.2")
    assert settings.gateway_url == "wss://voice.example.cn/gw"
    assert settings.gateway_http_url == "https://voice.example.cn/gw"


def test_an_empty_variable_counts_as_unset() -> None:
    assert read({"PORT": "", "DATABASE_URL": " "}) == read({})


def test_a_public_installation_is_no_demo() -> None:
    settings = read(PUBLIC)
    assert not settings.demo
    assert settings.public_base_url == "https://hotline.example.cn"
    assert settings.secret_key == b"k" * 32


def test_a_public_installation_needs_its_own_secrets() -> None:
    found = problems({"BIND": "0.0.0.0"})
    named = {problem.split("：")[0] for problem in found}
    assert named == {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SECRET_KEY", "DATA_KEY", "HASH_KEY"}


def test_a_tunnel_to_this_machine_is_public_too() -> None:
    assert len(problems({"PUBLIC_BASE_URL": "https://tunnel.example.com"})) == 5


def test_the_published_token_is_refused_in_public() -> None:
    [problem] = problems({**PUBLIC, "TWILIO_AUTH_TOKEN": DEMO_AUTH_TOKEN})
    assert problem.startswith("TWILIO_AUTH_TOKEN")


def test_demo_users_are_refused_in_public() -> None:
    [problem] = problems({**PUBLIC, "DEMO": "1"})
    assert problem.startswith("DEMO")


def test_demo_users_can_be_left_out() -> None:
    assert not read({"DEMO": "0"}).demo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("PORT", "１２３３３"),
        ("BIND", "everywhere"),
        ("PUBLIC_BASE_URL", "hotline.example.cn"),
        ("PUBLIC_BASE_URL", "http://热线.cn"),
        ("PUBLIC_BASE_URL", "http://127.0.0.1/?a=1"),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:port"),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("REDIS_URL", "localhost:6379"),
        ("WEB_WORKERS", "-1"),
        ("WEB_THREADS", "many"),
        ("TRUSTED_PROXY_HOPS", "-1"),
        ("DATA_KEY", "dG9vIHNob3J0"),
        ("HASH_KEY", "not base64!"),
        ("LOG_LEVEL", "loud"),
        ("LOG_JSON", "perhaps"),
        ("DEMO", "maybe"),
        ("HOTLINE_CONFIG", "/no/such/folder"),
        ("SILENCE_CLOSE_SECONDS", "5"),
        ("GATEWAY_PORT", "0"),
        ("GATEWAY_BIND", "everywhere"),
        ("GATEWAY_URL", "http://127.0.0.1:12334"),
        ("GATEWAY_URL", "ws://127.0.0.1:12334/?a=1"),
        ("TTS_COMMAND", "speak 'unfinished"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    [problem] = problems({name: value})
    assert problem.startswith(f"{name}：")
    # A mistyped secret must not end in a log.
    assert value not in problem


def test_all_problems_are_reported_together() -> None:
    assert len(problems({"PORT": "x", "WEB_THREADS": "x", "LOG_LEVEL": "x", "DATA_KEY": "x"})) == 4


def test_no_secret_is_shown() -> None:
    env = {**PUBLIC, "DATABASE_URL": "postgresql://u:hidden@h/d", "METRICS_TOKEN": "hidden-token"}
    shown = repr(read(env))
    for secret in ("hidden", "a-real-secret", "kkkk"):
        assert secret not in shown


def test_nothing_but_the_mapping_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9999")
    assert read({}).port == 12333


def test_a_speech_command_is_kept_as_written_and_not_shown() -> None:
    command = "speak --key 'hidden key' --speed {rate}"
    settings = read({"TTS_COMMAND": command})
    assert settings.tts_command == command
    assert "hidden key" not in repr(settings)
    assert read({}).tts_command is None


def test_demo_keys_are_made_once(tmp_path: Path) -> None:
    made = load_or_make_demo_keys(tmp_path / "var")
    assert load_or_make_demo_keys(tmp_path / "var") == made
    path = tmp_path / "var" / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({made.secret_key, made.data_key, made.hash_key}) == 3
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret_key": "eA=="}'])
def test_damaged_demo_keys_are_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"VAR_DIR": str(tmp_path)})
    assert "secrets.json" in caught.value.problems[0]
    assert path.read_text() == content


def test_demo_keys_need_no_secret_key_of_their_own(tmp_path: Path) -> None:
    settings = Settings.from_env({"VAR_DIR": str(tmp_path), "DATA_KEY": KEY})
    stored = json.loads((tmp_path / "secrets.json").read_text())
    assert settings.data_key == b"k" * 32
    assert base64.b64decode(stored["hash_key"]) == settings.hash_key


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.cn", False),
        ("", False),
    ],
)
def test_loopback_hosts(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
