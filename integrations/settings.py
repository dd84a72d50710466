"""Settings: read once, all problems reported together, then handed down."""

import ipaddress
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from integrations.demo_keys import DemoKeys, load_or_make_demo_keys
from integrations.env_addresses import gateway_url, http_url, port_beside
from integrations.env_reader import EnvReader
from integrations.errors import SettingsError
from integrations.number_settings import shown_number, text_channel, text_from
from integrations.storage_url import BadStorageUrl, Bucket, Folder, read_storage_url
from integrations.system_secrets import system_secrets
from integrations.transcriber.model_folder import model_setting, usual_processes

PROJECT_DIR = Path(__file__).resolve().parent.parent
# Published in the README so that anybody can sign a request to a demo; never valid elsewhere.
DEMO_ACCOUNT_SID = "AC" + "0" * 32
DEMO_AUTH_TOKEN = "demo-12333-token"
LOG_LEVELS = ("debug", "info", "warning", "error")
# What a Twilio page needs to take calls; without them the console uses our own gateway's telephone.
CLIENT_NAMES = ("TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_TWIML_APP_SID")


@dataclass(frozen=True)
class Settings:
    """Everything an installation can choose. Secrets and addresses with passwords stay out of repr()."""

    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    var_dir: Path
    bind: str
    port: int
    public_base_url: str
    web_workers: int
    web_threads: int
    carrier_account_sid: str
    carrier_auth_token: str = field(repr=False)
    trusted_proxy_hops: int
    secret_key: bytes = field(repr=False)
    data_key: bytes = field(repr=False)
    hash_key: bytes = field(repr=False)
    config_dir: Path | None
    log_level: str
    log_json: bool
    demo: bool
    # Days of made-up figures, with two made-up cities that push theirs; 0 for none, and in a demo only.
    demo_history_days: int
    silence_close_seconds: int
    metrics_token: str | None = field(repr=False)
    # May name a paid service's key.
    tts_command: str | None = field(repr=False)
    gateway_bind: str
    gateway_port: int
    gateway_url: str
    # True when our own voice gateway is the carrier.
    carrier_is_gateway: bool
    # All three or none; None in an installation whose consultants' pages do not speak to Twilio.
    carrier_api_key: str | None
    carrier_api_secret: str | None = field(repr=False)
    carrier_twiml_app_sid: str | None
    # Shown when calling out.
    carrier_number: str
    # Text messages: none, or the carrier's; and the number that they come from.
    text_channel: str
    text_from: str
    # Outgoing calls that the carrier begins: Twilio's default is one a second for each account.
    carrier_calls_per_second: int
    # Where recordings are kept; the two keys belong to a bucket.
    storage: Folder | Bucket
    storage_key_id: str | None
    storage_secret: str | None = field(repr=False)
    # The speech model's folder, None where nothing is transcribed; and how many recordings at once.
    vosk_model_path: Path | None
    transcribe_processes: int
    # The consoles' event stream runs in processes of its own.
    stream_bind: str
    stream_port: int
    stream_url: str
    # The made-up business systems of a demo.
    sandbox_port: int
    # What the start has proven of the menu files, for the processes that it starts; not for operators.
    menus_proven: str
    # Of the real ones, by the name of the variable.
    system_secrets: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_env(
        cls,
        env: Mapping[str, str],
        load_demo_keys: Callable[[Path], DemoKeys] = load_or_make_demo_keys,
    ) -> "Settings":
        """Read the settings from environment variables (named in the README).

        Raises SettingsError naming every missing or malformed variable.
        """
        read = EnvReader(env)
        var_dir = Path(read.text("VAR_DIR") or PROJECT_DIR / "var").absolute()
        bind = _ip_address(read, "BIND", "127.0.0.1")
        port = read.integer("PORT", 12333, 1, 65535)
        # Beside the web port, so that two installations on one machine do not meet here either.
        gateway_port = read.integer("GATEWAY_PORT", port + 1 if port < 65535 else port - 1, 1, 65535)
        # Signatures are made over this address, so it must be exactly what the carrier is given.
        public_base_url = http_url(read, "PUBLIC_BASE_URL", port)
        is_demo = is_loopback(bind) and is_loopback(urlsplit(public_base_url).hostname or "")
        demo = _demo(read, is_demo)
        stream_port = read.integer("STREAM_PORT", port_beside(gateway_port, port), 1, 65535)
        account_sid, auth_token = _carrier(read, is_demo)
        api_key, api_secret, app_sid = _client(read)
        storage = _storage(read, var_dir)
        keys = _keys(read, is_demo, var_dir, load_demo_keys)
        settings = cls(
            database_url=read.url("DATABASE_URL", ("postgresql", "postgres", "postgresql+psycopg")),
            redis_url=read.url("REDIS_URL", ("redis", "rediss", "unix")),
            var_dir=var_dir,
            bind=bind,
            port=port,
            public_base_url=public_base_url,
            web_workers=read.integer("WEB_WORKERS", 2, 1, 64),
            web_threads=read.integer("WEB_THREADS", 16, 1, 256),
            carrier_account_sid=account_sid,
            carrier_auth_token=auth_token,
            trusted_proxy_hops=read.integer("TRUSTED_PROXY_HOPS", 0, 0, 10),
            secret_key=keys.secret_key,
            data_key=keys.data_key,
            hash_key=keys.hash_key,
            config_dir=_config_dir(read),
            log_level=read.choice("LOG_LEVEL", "info", LOG_LEVELS),
            log_json=read.boolean("LOG_JSON", default=not sys.stdout.isatty()),
            demo=demo,
            demo_history_days=read.integer("DEMO_HISTORY_DAYS", 365, 0, 3650) if demo else 0,
            silence_close_seconds=read.integer("SILENCE_CLOSE_SECONDS", 7200, 600, 86400),
            metrics_token=read.text("METRICS_TOKEN"),
            tts_command=_tts_command(read),
            gateway_bind=_ip_address(read, "GATEWAY_BIND", bind),
            gateway_port=gateway_port,
            gateway_url=gateway_url(read, gateway_port),
            carrier_is_gateway=read.text("TWILIO_ACCOUNT_SID") is None,
            carrier_api_key=api_key,
            carrier_api_secret=api_secret,
            carrier_twiml_app_sid=app_sid,
            carrier_number=shown_number(read),
            text_channel=text_channel(read),
            text_from=text_from(read),
            carrier_calls_per_second=read.integer("CARRIER_CALLS_PER_SECOND", _pace(read), 1, 100),
            storage=storage,
            storage_key_id=read.text("AWS_ACCESS_KEY_ID"),
            storage_secret=read.text("AWS_SECRET_ACCESS_KEY"),
            vosk_model_path=model_setting(read),
            transcribe_processes=read.integer("TRANSCRIBE_PROCESSES", usual_processes(), 1, 64),
            stream_bind=_ip_address(read, "STREAM_BIND", bind),
            stream_port=stream_port,
            stream_url=http_url(read, "STREAM_URL", stream_port),
            sandbox_port=read.integer("SANDBOX_PORT", port_beside(stream_port, port, gateway_port), 1, 65535),
            menus_proven=read.text("MENUS_PROVEN") or "",
            system_secrets=system_secrets(read, is_demo),
        )
        if read.problems:
            raise SettingsError(read.problems)
        return settings

    @property
    def sandbox_url(self) -> str | None:
        """Where the made-up business systems answer; None where they have no business."""
        return f"http://127.0.0.1:{self.sandbox_port}" if self.demo else None

    @property
    def gateway_http_url(self) -> str:
        """The gateway's address for its REST calls: the same door, spoken to in HTTP."""
        return "http" + self.gateway_url.removeprefix("ws")


def is_loopback(host: str) -> bool:
    """True when only this machine can reach the host name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ip_address(read: EnvReader, name: str, default: str) -> str:
    address = read.text(name) or default
    if address == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        read.add_problem(name, "应为 IP 地址，如 127.0.0.1 或 0.0.0.0", "must be an IP address")
        return default


def _carrier(read: EnvReader, is_demo: bool) -> tuple[str, str]:
    account_sid = read.text("TWILIO_ACCOUNT_SID")
    auth_token = read.text("TWILIO_AUTH_TOKEN")
    for name, value in (("TWILIO_ACCOUNT_SID", account_sid), ("TWILIO_AUTH_TOKEN", auth_token)):
        if value is None and not is_demo:
            read.add_problem(name, "对外提供服务时必须设置", "required when not on loopback")
    if auth_token == DEMO_AUTH_TOKEN and not is_demo:
        read.add_problem("TWILIO_AUTH_TOKEN", "公开的演示令牌不能对外使用", "the demo token is public")
    return account_sid or DEMO_ACCOUNT_SID, auth_token or DEMO_AUTH_TOKEN


def _client(read: EnvReader) -> tuple[str | None, str | None, str | None]:
    key, secret, app = (read.text(name) for name in CLIENT_NAMES)
    if not (key or secret or app):
        return None, None, None
    for name in (*CLIENT_NAMES, "TWILIO_ACCOUNT_SID"):
        if read.text(name) is None:
            read.add_problem(name, "与另外几项 TWILIO_ 变量要么都设置，要么都不设置", "set all of these or none")
    return key, secret, app


def _pace(read: EnvReader) -> int:
    """Twilio begins one outgoing call a second; our own gateway has no such limit."""
    return 1 if read.text("TWILIO_ACCOUNT_SID") else 20


def _storage(read: EnvReader, var_dir: Path) -> Folder | Bucket:
    """A folder that was named must be there already: a disk that is not mounted would fill another one."""
    ours = Folder(var_dir / "recordings", is_ours=True)
    url = read.text("STORAGE_URL")
    try:
        storage = ours if url is None else read_storage_url(url)
    except BadStorageUrl as error:
        read.add_problem("STORAGE_URL", error.chinese, error.english)
        return ours
    if isinstance(storage, Folder) and not (storage.is_ours or storage.path.is_dir()):
        read.add_problem("STORAGE_URL", "文件夹不存在", "no such folder")
    if isinstance(storage, Bucket):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            if read.text(name) is None:
                read.add_problem(name, "STORAGE_URL 为 s3:// 时必须设置", "required for s3:// storage")
    return storage


def _keys(read: EnvReader, is_demo: bool, var_dir: Path, load_demo_keys: Callable[[Path], DemoKeys]) -> DemoKeys:
    names = ("SECRET_KEY", "DATA_KEY", "HASH_KEY")
    given = {name: read.key(name) for name in names}
    unset = [name for name in names if read.text(name) is None]
    demo_keys = DemoKeys(b"", b"", b"")
    if unset and is_demo:
        try:
            demo_keys = load_demo_keys(var_dir)
        except SettingsError as error:
            read.problems.extend(error.problems)
    elif unset:
        for name in unset:
            read.add_problem(name, "对外提供服务时必须设置", "required when not on loopback")
    return DemoKeys(
        given["SECRET_KEY"] or demo_keys.secret_key,
        given["DATA_KEY"] or demo_keys.data_key,
        given["HASH_KEY"] or demo_keys.hash_key,
    )


def _config_dir(read: EnvReader) -> Path | None:
    raw = read.text("HOTLINE_CONFIG")
    if raw is None:
        return None
    if not Path(raw).is_dir():
        read.add_problem("HOTLINE_CONFIG", "文件夹不存在", "no such folder")
    return Path(raw).absolute()


def _tts_command(read: EnvReader) -> str | None:
    raw = read.text("TTS_COMMAND")
    try:
        shlex.split(raw or "")
    except ValueError:
        read.add_problem("TTS_COMMAND", "引号不成对", "quotation marks do not match")
    return raw


def _demo(read: EnvReader, is_demo: bool) -> bool:
    wanted = read.boolean("DEMO", default=is_demo)
    if wanted and not is_demo:
        # The demo users' passwords are printed and published.
        read.add_problem("DEMO", "演示用户只能在本机使用", "demo users are for loopback only")
    return wanted
