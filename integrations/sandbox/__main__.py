"""`python -m integrations.sandbox`: the sandbox without an installation around it. Prints its port when it is up."""

import argparse
import sys
from datetime import date
from pathlib import Path

import structlog

from integrations.sandbox.people import HOW_MANY
from integrations.sandbox.server import Options, run_sandbox


def main() -> int:
    """Read the command line and serve; the exit code of `run_sandbox`."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description="业务系统沙盒")
    parser.add_argument("--port", type=int, required=True, help="0 是任意空闲端口")
    parser.add_argument("--state", type=Path, required=True, help="存放挂失记录和令牌的文件夹")
    parser.add_argument("--database", help="前置库建在哪个 PostgreSQL，不写就没有前置库")
    parser.add_argument("--token", help="管理令牌，不写就每次新生成")
    parser.add_argument("--today", type=date.fromisoformat, help="按哪一天造数据，不写就是今天")
    parser.add_argument("--people", type=int, default=HOW_MANY)
    given = parser.parse_args()
    # Standard output is for the port alone.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    options = Options(
        given.port, given.state, given.database, token=given.token, today=given.today, people=given.people
    )  # fmt: skip
    return run_sandbox(options, lambda port: print(port, flush=True))


if __name__ == "__main__":
    sys.exit(main())
