"""Wiring: builds the web application, and the command line that starts each process.

Every command imports only what it needs, when it runs: `run` must stay light, and `web` names the
folder of the figures before prometheus_client is imported.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from integrations.errors import HotlineError, SettingsError
from integrations.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from integrations.services import Services
    from integrations.task_queue import Periodic
    from ivr.problem import Problem

# Shown by `run` when everything is up; the logins in demo mode only.
ADDRESSES = (
    ("网页电话", "/phone"),
    ("咨询员工作台", "/console"),
    ("办件", "/cases"),
    ("现场看板", "/console/floor"),
    ("全省大屏", "/province"),
    ("菜单状态", "/status"),
    ("运行状态", "/readyz"),
    ("监控指标", "/metrics"),
)
USED_BY_REQUESTS = (
    "dashboards.auth",
    "dashboards.console.page",
    "dashboards.duty_page",
    "dashboards.health",
    "dashboards.own_account",
    "dashboards.phone.page",
    "dashboards.provincial.cities.page",
    "dashboards.provincial.cities.api",
    "dashboards.status_page",
    "dashboards.users_page",
    "dashboards.web_app",
    "ivr.webhooks",
    "queueing.webhooks",
    "voicemail.webhooks",
)
INCOMING_PATH = "/ivr/incoming"
DEMO_NOT_ALLOWED = "编造的历史数据只能在本机演示时使用。"
GATEWAY_NOT_NEEDED = "已设置 TWILIO_ACCOUNT_SID，来电由运营商接入，不需要语音网关。"
SANDBOX_NOT_ALLOWED = "沙盒里的业务系统是编的，只能在本机演示时使用。"


def create_app(settings: Settings, services: "Services", figures_dir: Path | None = None) -> "Flask":
    """The web application, ready to serve; used by `web` and by the tests.

    `figures_dir` is where several web processes share their figures, None for a single one.
    """
    from dashboards.health import health_blueprint
    from dashboards.web_app import build_flask

    app = build_flask(settings)
    app.register_blueprint(health_blueprint(services, figures_dir))
    register_blueprints(app, services)
    return app


def register_blueprints(app: "Flask", services: "Services") -> None:
    """Every address of the application but its health is registered here."""
    from dashboards.auth import auth_blueprint
    from dashboards.console.page import console_blueprints
    from dashboards.duty_page import duty_blueprint
    from dashboards.own_account import account_blueprint
    from dashboards.phone.page import phone_blueprint
    from dashboards.provincial.alarms.page import alarm_blueprints
    from dashboards.provincial.cities.api import city_blueprint
    from dashboards.provincial.cities.page import cities_blueprints
    from dashboards.provincial.explore.page import explore_blueprints
    from dashboards.provincial.report.page import report_blueprint
    from dashboards.provincial.wall.page import wall_blueprints
    from dashboards.status_page import status_blueprint
    from dashboards.users_page import users_blueprint
    from ivr.service import Line
    from ivr.webhooks import ivr_blueprint
    from queueing.webhooks import queueing_blueprint
    from voicemail.messages import Messages
    from voicemail.webhooks import voicemail_blueprint

    line = Line.build(services)
    app.register_blueprint(ivr_blueprint(line))
    app.register_blueprint(queueing_blueprint(line.waiting, line.end_outbound))
    app.register_blueprint(voicemail_blueprint(Messages(services, line.waiting.centres, line.timetable)))
    app.register_blueprint(auth_blueprint(services))
    app.register_blueprint(account_blueprint(services))
    app.register_blueprint(users_blueprint(line))
    app.register_blueprint(status_blueprint(line))
    app.register_blueprint(duty_blueprint(line))
    app.register_blueprint(phone_blueprint(services))
    for blueprint in console_blueprints(line):
        app.register_blueprint(blueprint)
    for blueprint in alarm_blueprints(line):
        app.register_blueprint(blueprint)
    for blueprint in wall_blueprints(line):
        app.register_blueprint(blueprint)
    for blueprint in explore_blueprints(line):
        app.register_blueprint(blueprint)
    for blueprint in cities_blueprints(line):
        app.register_blueprint(blueprint)
    app.register_blueprint(city_blueprint(services))
    app.register_blueprint(report_blueprint(line))


def seeders() -> list[Callable[["Services"], None]]:
    """Each fills in what a new installation needs and leaves alone what is already there."""
    from dashboards.demo import seed_demo_users
    from ivr.service import Line
    from queueing.seed import seed_centres

    def seed_configured_centres(services: "Services") -> None:
        # The centres of the files in use, which are the last good ones when today's are bad.
        seed_centres(services.database, Line.build(services).keeper.library().centres)

    return [seed_configured_centres, seed_demo_users]


def periodic() -> list["Periodic"]:
    """Jobs without arguments that the clock starts, at once and then at their interval."""
    from dashboards.provincial.alarms.proof_jobs import PERIODIC as OF_PROOFS
    from dashboards.provincial.cities.jobs import PERIODIC as OF_CITIES
    from dashboards.provincial.cities.reconciliation_jobs import PERIODIC as OF_RECONCILIATION
    from dashboards.provincial.facts.jobs import PERIODIC as OF_FIGURES
    from ivr.jobs import PERIODIC as OF_CALLS
    from queueing.jobs import PERIODIC as OF_THE_LINE
    from queueing.recordings import PERIODIC as OF_RECORDINGS
    from voicemail.case_jobs import PERIODIC as OF_CASES
    from voicemail.freeze_jobs import PERIODIC as OF_FREEZES
    from voicemail.message_jobs import PERIODIC as OF_MESSAGES
    from voicemail.reply_jobs import PERIODIC as OF_REPLIES

    of_messages = [*OF_RECORDINGS, *OF_MESSAGES, *OF_REPLIES]
    of_figures = [*OF_FIGURES, *OF_PROOFS, *OF_RECONCILIATION, *OF_CITIES]
    return [*OF_CALLS, *OF_THE_LINE, *OF_FREEZES, *OF_CASES, *of_messages, *of_figures]


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Start everything: servers, migrations, seeds, web, worker, clock."""
    from integrations.readiness import local_url
    from integrations.runner import Child, Runner, Welcome
    from integrations.transcriber.model_folder import HOW_TO_BRING_ONE

    children = [Child("web", ["web"], listens=True), Child("worker", ["worker"]), Child("clock", ["clock"])]
    children += [Child("dispatcher", ["dispatcher"]), Child("streams", ["streams"])]
    children.append(Child("transcriber", ["transcriber"]))
    if settings.carrier_is_gateway:
        # The web process must still hear how its calls ended.
        children.insert(0, Child("gateway", ["gateway"], ends_first=True))
    else:
        print(GATEWAY_NOT_NEEDED)
    addresses = [(label, local_url(settings, path)) for label, path in ADDRESSES]
    if settings.demo_history_days:
        children.append(Child("demo", ["demo"]))
    if settings.sandbox_url and _uses_the_sandbox(settings):
        children.append(Child("sandbox", ["sandbox"]))
        addresses.append(("业务系统沙盒", f"{settings.sandbox_url}/"))
    addresses.append(("来电接口（运营商）", f"{settings.public_base_url}{INCOMING_PATH}"))
    hints = [HOW_TO_BRING_ONE] if settings.vosk_model_path is None else []
    return Runner(settings, os.environ, Path(__file__), children, Welcome(addresses, hints)).run()


def prepare(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prove the menus, bring the tables up to date and fill them: what `run` does before all else."""
    from ivr.menu_commands import load_library_now
    from ivr.proof import hold_proof

    library = load_library_now(settings)
    if not _are_usable(settings, library.problems):
        return 2
    # Filling in reads them again.
    hold_proof(library.proof)
    migrate(settings, arguments)
    seed(settings, arguments)
    if arguments.report_fd is not None:
        from dashboards.demo import DEMO_LOGINS
        from integrations.runner import Report

        Report(library.proof, DEMO_LOGINS if settings.demo else "").send(arguments.report_fd)
    return 0


def web(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve HTTP."""
    from integrations.web_server import WebServer, metrics_dir, prepare_metrics_dir

    figures_dir = metrics_dir(settings)
    prepare_metrics_dir(figures_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures_dir)
    from integrations.services import Services
    from ivr.menu_commands import load_library_now

    def build_app() -> "Flask":
        return create_app(settings, Services.build(settings), figures_dir)

    Services.build(settings)
    if not _are_usable(settings, load_library_now(settings).problems):
        return 2
    _import_what_requests_use()
    WebServer(settings, build_app, arguments.listen_fd).run()
    return 0


def worker(settings: Settings, arguments: argparse.Namespace) -> int:
    """Run background jobs."""
    from integrations.job_processes import run_worker
    from integrations.phone_numbers import load_places
    from integrations.services import Services
    from integrations.task_queue import set_job_settings

    Services.build(settings)
    set_job_settings(settings)
    # Every job runs in a process forked from this one: what is read here, none of them reads again.
    periodic()
    load_places()
    run_worker(settings.redis_url or "")
    return 0


def clock(settings: Settings, arguments: argparse.Namespace) -> int:
    """Start periodic jobs."""
    from integrations.job_processes import run_clock
    from integrations.services import Services

    Services.build(settings)
    run_clock(settings.redis_url or "", periodic())
    return 0


def dispatcher(settings: Settings, arguments: argparse.Namespace) -> int:
    """Offer waiting callers to free consultants."""
    import signal
    import threading

    from integrations.services import Services
    from ivr.service import Line
    from queueing.dispatcher import run_dispatcher

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    services = Services.build(settings)
    keeper = Line.build(services).keeper
    run_dispatcher(services, lambda: keeper.library().centres, stop)
    return 0


def transcriber(settings: Settings, arguments: argparse.Namespace) -> int:
    """Turn messages into words."""
    import signal
    import threading

    from integrations.services import Services
    from voicemail.transcribing import run_transcriber

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    run_transcriber(Services.build(settings), stop)
    return 0


def streams(settings: Settings, arguments: argparse.Namespace) -> int:
    """Keep open consoles up to date."""
    from dashboards.console.streams import run_streams
    from integrations.services import Services
    from ivr.service import Line

    run_streams(Line.build(Services.build(settings)))
    return 0


def gateway(settings: Settings, arguments: argparse.Namespace) -> int:
    """Connect calls from the phone page, as the carrier would."""
    if not settings.carrier_is_gateway:
        print(GATEWAY_NOT_NEEDED, file=sys.stderr)
        return 2
    from integrations.gateway.server import run_gateway

    run_gateway(settings)
    return 0


def sandbox(settings: Settings, arguments: argparse.Namespace) -> int:
    """Play the business systems of a demo, with made-up insured persons."""
    if settings.sandbox_url is None:
        print(SANDBOX_NOT_ALLOWED, file=sys.stderr)
        return 2
    from integrations.sandbox.server import Options, run_sandbox

    database_url = settings.database_url or _with_running_servers(settings).database_url
    return run_sandbox(Options(settings.sandbox_port, settings.var_dir / "sandbox", database_url))


def demo(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make up a year of figures, and play two cities that push theirs."""
    if not settings.demo_history_days:
        print(DEMO_NOT_ALLOWED, file=sys.stderr)
        return 2
    import signal
    import threading

    from dashboards.provincial.demo.process import run_demo
    from integrations.readiness import local_url
    from integrations.services import Services
    from ivr.service import Line

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    # Everybody else's work comes first.
    os.nice(10)
    run_demo(Line.build(Services.build(settings)), local_url(settings, ""), stop)
    return 0


def migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Bring the tables to the newest revision."""
    from integrations.migrations import migrate as migrate_database
    from integrations.services import Services

    migrate_database(Services.build(settings).database.url)
    return 0


def seed(settings: Settings, arguments: argparse.Namespace) -> int:
    """Fill in what a new installation needs; safe to repeat."""
    from integrations.services import Services

    services = Services.build(settings)
    for fill_in in seeders():
        fill_in(services)
    services.close()
    return 0


def menu(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prove, draw or dial the menu files."""
    from ivr.menu_commands import run_menu_command

    return run_menu_command(settings, arguments)


def ledger(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prove that received = sum of outcomes, for every centre and hour."""
    from integrations.services import Services
    from ivr.ledger_command import run_ledger_command

    return run_ledger_command(Services.build(_with_running_servers(settings)), arguments)


def figures(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make the facts of a period anew from the raw rows, or show its figures."""
    from dashboards.provincial.facts.figures_command import run_figures_command
    from integrations.services import Services

    return run_figures_command(Services.build(_with_running_servers(settings)), arguments)


def staff(settings: Settings, arguments: argparse.Namespace) -> int:
    """Add the first administrator, or let the last one in again."""
    from dashboards.staff_commands import run_staff_command
    from integrations.services import Services

    return run_staff_command(Services.build(_with_running_servers(settings)), arguments)


def city(settings: Settings, arguments: argparse.Namespace) -> int:
    """Say which centres have a system of their own, and make the keys that they push with."""
    from dashboards.provincial.cities.command import run_city_command
    from integrations.services import Services

    return run_city_command(Services.build(_with_running_servers(settings)), arguments)


def push(settings: Settings, arguments: argparse.Namespace) -> int:
    """Push a file to a hotline, as a city does."""
    from dashboards.provincial.cities.push_command import run_push_command

    return run_push_command(arguments)


def replay(settings: Settings, arguments: argparse.Namespace) -> int:
    """Play a day like 2016's in virtual time, with and without callbacks."""
    from queueing.replay.command import run_replay_command

    return run_replay_command(settings, arguments)


def _with_running_servers(settings: Settings) -> Settings:
    """The addresses of the embedded servers that `run` has started, for commands beside it."""
    from integrations.embedded import postgres_in, valkey_in

    return replace(
        settings,
        database_url=settings.database_url or postgres_in(settings.var_dir).url,
        redis_url=settings.redis_url or valkey_in(settings.var_dir).url,
    )


def _uses_the_sandbox(settings: Settings) -> bool:
    """True unless the installation has written down business systems of its own, without the sandbox among them."""
    own = settings.config_dir / "systems.yaml" if settings.config_dir else None
    return own is None or not own.is_file() or b"{sandbox}" in own.read_bytes()


def _are_usable(settings: Settings, problems: Sequence["Problem"]) -> bool:
    """Say everything that is wrong with the menu files; False when there is no good copy to start with either."""
    from ivr.good_copy import GoodCopy
    from ivr.menu_commands import say_problems

    if not problems:
        return True
    say_problems(problems, sys.stderr)
    if GoodCopy(settings.var_dir / "good-menus").path is None:
        return False
    print("先用上一次没有问题的菜单。", file=sys.stderr)
    return True


def _import_what_requests_use() -> None:
    """Before the web processes are forked, each of which would need a second for it."""
    from integrations.phone_numbers import load_places

    for module in USED_BY_REQUESTS:
        import_module(module)
    # A third of a second that no caller should wait for.
    load_places()


COMMANDS = (
    run,
    prepare,
    web,
    worker,
    clock,
    dispatcher,
    transcriber,
    streams,
    gateway,
    sandbox,
    demo,
    migrate,
    seed,
    menu,
    ledger,
    figures,
    staff,
    city,
    push,
    replay,
)


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Most commands take none."""


def _web_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen-fd", type=int, help=argparse.SUPPRESS)


def _prepare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--report-fd", type=int, help=argparse.SUPPRESS)


def _menu_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("check", "draw", "walk"), help="check 检查，draw 画图，walk 在终端里拨打")
    parser.add_argument("--centre", default="340000", help="中心代码，例如 340100")
    parser.add_argument("--at", help='什么时候，例如 "2026-02-14 10:00"，不写就是现在')
    parser.add_argument("--from", dest="caller", default="", help="来电号码，例如 13855112345")
    parser.add_argument("--out", help="draw：图存到哪个文件，不写就打到屏幕")


def _ledger_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", help="从哪一天，例如 2026-11-21，不写就是今天")
    parser.add_argument("--until", help="到哪一天（含），不写就是同一天")


def _figures_arguments(parser: argparse.ArgumentParser) -> None:
    from dashboards.provincial.facts.figures_command import figures_arguments

    figures_arguments(parser)


def _staff_arguments(parser: argparse.ArgumentParser) -> None:
    from dashboards.staff_commands import staff_arguments

    staff_arguments(parser)


def _city_arguments(parser: argparse.ArgumentParser) -> None:
    from dashboards.provincial.cities.command import city_arguments

    city_arguments(parser)


def _push_arguments(parser: argparse.ArgumentParser) -> None:
    from dashboards.provincial.cities.push_command import push_arguments

    push_arguments(parser)


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    from queueing.replay.options import replay_arguments

    replay_arguments(parser)


ARGUMENTS = {
    "prepare": _prepare_arguments,
    "web": _web_arguments,
    "menu": _menu_arguments,
    "ledger": _ledger_arguments,
    "figures": _figures_arguments,
    "staff": _staff_arguments,
    "city": _city_arguments,
    "push": _push_arguments,
    "replay": _replay_arguments,
}


def main(argv: Sequence[str]) -> int:
    """Run one command; mistakes of the operator end in sentences, never in a traceback."""
    parser = argparse.ArgumentParser(prog="app.py", description="12333 热线")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.__name__, help=command.__doc__)
        subparser.set_defaults(command=command)
        # Describing them imports what they belong to: only for the command that runs.
        if argv[:1] == [command.__name__]:
            ARGUMENTS.get(command.__name__, _no_arguments)(subparser)
    arguments = parser.parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        _configure_logging(settings)
        if settings.menus_proven:
            _hold_proof(settings)
        return int(arguments.command(settings, arguments))
    except SettingsError as error:
        print("\n".join([error.sentence, *(f"  - {line}" for line in error.problems)]), file=sys.stderr)
        return 2
    except HotlineError as error:
        print(f"{error.sentence}（编号 {error.error_id}）\n{error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _hold_proof(settings: Settings) -> None:
    from ivr.proof import hold_proof

    hold_proof(settings.menus_proven)


def _configure_logging(settings: Settings) -> None:
    from integrations.log import configure_logging

    configure_logging(settings)


def leave(code: int) -> NoReturn:
    """End this process at once: whatever must end in order has done so, and Python takes long to tidy its memory."""
    with suppress(OSError):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except SystemExit as error:
        # Of argparse, or of gunicorn and each of its processes.
        if isinstance(error.code, str):
            raise
        code = error.code or 0
    except BrokenPipeError:
        # Whoever read the output has read enough.
        code = 0
    leave(code)
