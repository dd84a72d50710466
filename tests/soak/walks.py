"""Random walks through the life of callbacks on real rows, many more than the suite makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.migrations import migrate
from integrations.services import Services
from integrations.settings import Settings
from ivr.library import load_centres
from tests.conftest import TEST_KEYS
from tests.queueing.callback_walk import Walk, Wrong

STEPS = 60


@dataclass
class WalkReport:
    """What became of a run. `wrong` must be empty: each entry is a walk that went wrong, step by step."""

    seed: int
    walks: int = 0
    steps: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"walks from seed {self.seed}: {self.walks}, {self.steps} steps; ended {dict(self.ended)}; "
            f"{len(self.wrong)} wrong"
        )


@contextmanager
def open_walk(folder: Path) -> Iterator[Walk]:
    """A walk on a database and a Redis of its own."""
    with ExitStack() as stack:
        postgres = EmbeddedPostgres(folder / "postgres" / "data", durable=False)
        valkey = EmbeddedValkey(folder / "valkey" / "data")
        for server in (postgres, valkey):
            server.prepare()
            server.start()
            stack.callback(server.stop)
            server.wait_ready()
        migrate(postgres.url)
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "VAR_DIR": str(folder / "var")}
        services = Services.build(Settings.from_env(env, load_demo_keys=lambda var_dir: TEST_KEYS))
        stack.callback(services.close)
        walk = Walk.through(services, dict(load_centres(None)))
        stack.callback(walk.close)
        yield walk


def run_walks(walk: Walk, seed: int, walks: int) -> WalkReport:
    """So many, with one seed after the other."""
    report = WalkReport(seed, walks)
    walk.steps = 0
    walk.ended.clear()
    for one in range(seed, seed + walks):
        try:
            walk.walk(one, STEPS)
        except Wrong as wrong:
            report.wrong.append(str(wrong))
    report.steps = walk.steps
    report.ended.update(walk.ended)
    return report
