"""Settings: defaults for this machine, and every problem at once."""

import base64
import json
import stat
from pathlib import Path

import pytest

from integrations.demo_keys import DemoKeys, load_or_make_demo_keys
from integrations.errors import SettingsError
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, Settings, is_loopback
from integrations.storage_url import Bucket, Folder
from integrations.system_secrets import DEMO_SECRETS

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


def test_the_sandbox_listens_beside_all_of_them() -> None:
    settings = read({})
    assert (settings.sandbox_port, settings.sandbox_url) == (12336, "http://127.0.0.1:12336")
    assert read({"PORT": "65535"}).sandbox_port == 65532
    assert read({"SANDBOX_PORT": "9000"}).sandbox_url == "http://127.0.0.1:9000"
    assert read({"DEMO": "0"}).sandbox_url is None and read(PUBLIC).sandbox_url is None


def test_secrets_of_business_systems_are_whatever_begins_like_one() -> None:
    env = {
        "SYSTEM_BUS_TOKEN": " of-the-bus ",
        "SYSTEM_EMPTY": "",
        "OTHER_SYSTEM_X": "y",
        "SYSTEM_DEMO_CARD_PASSWORD": "own",
    }
    assert read(PUBLIC | env).system_secrets == {"SYSTEM_BUS_TOKEN": "of-the-bus", "SYSTEM_DEMO_CARD_PASSWORD": "own"}
    assert read(env).system_secrets == DEMO_SECRETS | {
        "SYSTEM_BUS_TOKEN": "of-the-bus",
        "SYSTEM_DEMO_CARD_PASSWORD": "own",
    }
    assert "of-the-bus" not in repr(read(env))


def test_the_gateway_can_stand_elsewhere() -> None:
    settings = read({"GATEWAY_PORT": "9000", "GATEWAY_BIND": "127.0.0.2", "GATEWAY_URL": "wss://voice.example.cn/gw/"})
    assert (settings.gateway_port, settings.gateway_bind) == (9000, "127.0.0.2")
    assert settings.gateway_url == "wss://voice.example.cn/gw"
    assert settings.gateway_http_url == "https://voice.example.cn/gw"


def test_the_event_stream_listens_beside_both() -> None:
    settings = read({})
    assert (settings.stream_bind, settings.stream_port) == ("127.0.0.1", 12335)
    assert settings.stream_url == "http://127.0.0.1:12335"
    assert read({"PORT": "12400"}).stream_port == 12402


@pytest.mark.parametrize(
    ("port", "gateway_port", "stream_port"),
    [
        ("12333", "12332", 12334),
        ("65535", "65534", 65533),
        ("65534", "65535", 65533),
        ("65533", "65534", 65535),
        ("2", "1", 3),
    ],
)
def test_the_event_stream_takes_a_port_of_its_own(port: str, gateway_port: str, stream_port: int) -> None:
    assert read({"PORT": port, "GATEWAY_PORT": gateway_port}).stream_port == stream_port


def test_the_event_stream_can_stand_elsewhere() -> None:
    env = {"STREAM_PORT": "9001", "STREAM_BIND": "127.0.0.3", "STREAM_URL": "https://desk.example.cn/live/"}
    settings = read(env)
    assert (settings.stream_port, settings.stream_bind) == (9001, "127.0.0.3")
    assert settings.stream_url == "https://desk.example.cn/live"


def test_the_number_shown_is_the_hotline_s_unless_another_is_given() -> None:
    assert read({}).carrier_number == "12333"
    assert read({"CARRIER_NUMBER": "+8655112333"}).carrier_number == "+8655112333"


def test_texts_go_out_by_our_own_gateway_unless_they_shall_not() -> None:
    assert (read({}).text_channel, read({}).text_from) == ("carrier", "12333")
    assert read({"CARRIER_NUMBER": "+8655112333"}).text_from == "+8655112333"
    assert read({"TEXT_CHANNEL": "none"}).text_channel == "none"


def test_texts_by_another_carrier_need_a_number_that_may_send_them() -> None:
    twilio = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN": "a-real-token"}
    assert read(twilio).text_channel == "none"
    [problem] = problems(twilio | {"TEXT_CHANNEL": "carrier"})
    assert problem.startswith("TEXT_FROM：")
    chosen = read(twilio | {"TEXT_CHANNEL": "carrier", "TEXT_FROM": "+8655112345"})
    assert (chosen.text_channel, chosen.text_from) == ("carrier", "+8655112345")


CLIENT = {"TWILIO_API_KEY": "SK1", "TWILIO_API_SECRET": "hidden-secret", "TWILIO_TWIML_APP_SID": "AP1"}


def test_a_page_speaks_to_twilio_only_with_all_of_its_credentials() -> None:
    settings = read({**PUBLIC, **CLIENT})
    assert (settings.carrier_api_key, settings.carrier_api_secret) == ("SK1", "hidden-secret")
    assert settings.carrier_twiml_app_sid == "AP1"
    assert read(PUBLIC).carrier_api_key is None
    assert "hidden-secret" not in repr(settings)


@pytest.mark.parametrize("missing", CLIENT)
def test_half_of_a_page_s_credentials_is_a_mistake(missing: str) -> None:
    [problem] = problems({**PUBLIC, **CLIENT, missing: ""})
    assert problem.startswith(missing)


def test_a_page_s_credentials_belong_to_an_account() -> None:
    [problem] = problems(CLIENT)
    assert problem.startswith("TWILIO_ACCOUNT_SID")


def test_recordings_are_kept_in_our_own_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = read({"VAR_DIR": str(tmp_path)})
    assert settings.storage == Folder(tmp_path / "recordings", is_ours=True)
    there = tmp_path / "录音 1"
    there.mkdir()
    assert read({"STORAGE_URL": there.as_uri()}).storage == Folder(there, is_ours=False)


KEYS_OF_BUCKET = {"AWS_ACCESS_KEY_ID": "key-id", "AWS_SECRET_ACCESS_KEY": "hidden-secret"}


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("s3://talks?region=cn-north-1", Bucket("talks", "", None, "cn-north-1", True)),
        (
            "s3://talks/anhui/2026?endpoint=https://s3.example.cn:9000/",
            Bucket("talks", "anhui/2026", "https://s3.example.cn:9000", "us-east-1", False),
        ),
        (
            "s3://talks?endpoint=https%3A%2F%2Foss-cn-beijing.aliyuncs.com&region=oss-cn-beijing&style=virtual",
            Bucket("talks", "", "https://oss-cn-beijing.aliyuncs.com", "oss-cn-beijing", True),
        ),
    ],
)
def test_recordings_can_be_kept_in_a_bucket(url: str, bucket: Bucket) -> None:
    settings = read({"STORAGE_URL": url, **KEYS_OF_BUCKET})
    assert settings.storage == bucket
    assert settings.storage_key_id == "key-id"
    assert settings.storage_secret == "hidden-secret"
    assert "hidden-secret" not in repr(settings)


def test_a_bucket_needs_its_keys() -> None:
    found = problems({"STORAGE_URL": "s3://talks?region=cn-north-1"})
    assert {problem.split("：")[0] for problem in found} == set(KEYS_OF_BUCKET)


@pytest.mark.parametrize(
    "url",
    [
        "/data/recordings",
        "ftp://data",
        "file://data/recordings",
        "file:///no/such/folder",
        "file:///tmp?x=1",
        "s3://talks",
        "s3://Talks?region=cn-north-1",
        "s3://t?region=cn-north-1",
        "s3://talks/../x?region=cn-north-1",
        "s3://talks/录音?region=cn-north-1",
        "s3://user:password@talks?region=cn-north-1",
        "s3://talks?endpoint=s3.example.cn",
        "s3://talks?endpoint=https://s3.example.cn:port",
        "s3://talks?endpoint=https://user:password@s3.example.cn",
        "s3://talks?region=cn-north-1&style=magic",
        "s3://talks?region=cn-north-1&secret=abc",
        "s3://[talks?region=cn-north-1",
    ],
)
def test_a_malformed_storage_address_is_named_and_not_repeated(url: str) -> None:
    [problem] = problems({"STORAGE_URL": url, **KEYS_OF_BUCKET})
    assert problem.startswith("STORAGE_URL：")
    assert url not in problem and "password" not in problem.replace("AWS_SECRET", "")


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
        ("CARRIER_NUMBER", "热线"),
        ("CARRIER_NUMBER", "12 333"),
        ("TEXT_CHANNEL", "pigeon"),
        ("TEXT_FROM", "12 333"),
        ("STREAM_PORT", "0"),
        ("STREAM_BIND", "everywhere"),
        ("STREAM_URL", "ws://127.0.0.1:12335"),
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
