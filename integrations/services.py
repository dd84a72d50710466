"""The adapters, built once per process and handed down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis import Redis

from integrations.database import Database
from integrations.errors import SettingsError
from integrations.live_store import build_live_store
from integrations.sealer import Sealer
from integrations.settings import Settings
from integrations.social_insurance.registry import SocialInsurance
from integrations.storage import Storage, build_storage
from integrations.telephony.client import CarrierClient
from integrations.text_messages import TextSender, build_text_sender


def utc_now() -> datetime:
    """The present moment, aware and in UTC; tests pass their own clock instead."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """What a request or a job may use of the outside world."""

    settings: Settings
    database: Database
    live_store: Redis
    sealer: Sealer
    now: Callable[[], datetime] = utc_now
    carrier: CarrierClient = field(kw_only=True)
    storage: Storage = field(kw_only=True)
    texts: TextSender = field(kw_only=True)
    social_insurance: SocialInsurance = field(kw_only=True)

    @classmethod
    def build(cls, settings: Settings) -> "Services":
        """Build the adapters; no connection is opened yet.

        Raises SettingsError without DATABASE_URL and REDIS_URL: the runner sets both for its
        children when it starts the embedded servers.
        """
        if settings.database_url is None or settings.redis_url is None:
            unset = [
                name
                for name, value in (
                    ("DATABASE_URL", settings.database_url),
                    ("REDIS_URL", settings.redis_url),
                )
                if value is None
            ]
            raise SettingsError([f"{name}：没有设置；只有 make run 会启动自带的服务 (unset)" for name in unset])
        database = Database(settings.database_url, pool_size=settings.web_threads)
        live_store = build_live_store(settings.redis_url)
        sealer = Sealer(settings.data_key, settings.hash_key)
        carrier = CarrierClient(settings)
        return cls(
            settings=settings,
            database=database,
            live_store=live_store,
            sealer=sealer,
            carrier=carrier,
            storage=build_storage(settings),
            texts=build_text_sender(settings, carrier),
            social_insurance=SocialInsurance(settings, database, live_store, sealer, utc_now),
        )

    def close(self) -> None:
        """Close all connections."""
        self.social_insurance.close()
        self.database.close()
        self.live_store.close()
        self.carrier.close()
        self.storage.close()
