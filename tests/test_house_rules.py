"""The rules of the house, proven on the source itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from integrations import task_queue
from integrations.job_processes import build_worker
from integrations.services import Services
from integrations.settings import PROJECT_DIR

# Each imports only itself and what stands to its right.
ORDER = ("app", "dashboards", "ivr", "voicemail", "queueing", "integrations")

# Pure modules: the standard library and other pure modules, nothing else. Whatever of ours they
# import is held to the same rule, so only the roots are listed. A path that does not exist fails.
PURE = (
    "integrations/errors.py",
    "integrations/env_reader.py",
    "integrations/masking.py",
    "integrations/work_calendar.py",
    "integrations/phone_numbers.py",
    "integrations/document_reader.py",
    "integrations/social_insurance/contract.py",
    "integrations/social_insurance/card_answer.py",
    "integrations/social_insurance/fields.py",
    "integrations/social_insurance/id_number.py",
    "integrations/social_insurance/medical_message.py",
    "integrations/social_insurance/pension_answer.py",
    "integrations/social_insurance/pin.py",
    "integrations/social_insurance/system_shape.py",
    "integrations/social_insurance/systems_file.py",
    "integrations/sandbox/ids.py",
    "integrations/sandbox/names.py",
    "integrations/sandbox/places.py",
    "integrations/sandbox/records.py",
    "integrations/storage_contract.py",
    "integrations/storage_url.py",
    "integrations/telephony/carrier_errors.py",
    "integrations/gateway/attributes.py",
    "integrations/gateway/dial_reader.py",
    "integrations/gateway/documents.py",
    "integrations/gateway/familiar.py",
    "integrations/gateway/tokens.py",
    "integrations/gateway/twiml_reader.py",
    "integrations/transcriber/errors.py",
    "integrations/transcriber/grammar.py",
    "integrations/transcriber/transcription.py",
    "queueing/opening_hours.py",
    "queueing/callback_rules.py",
    "queueing/callback_slots.py",
    "queueing/callback_text.py",
    "queueing/centre.py",
    "queueing/features.py",
    "queueing/agent.py",
    "queueing/line_rules.py",
    "queueing/message_rules.py",
    "queueing/offer.py",
    "queueing/replay/options.py",
    "queueing/replay/picture.py",
    "queueing/replay/report.py",
    "queueing/routing.py",
    "queueing/wait_time.py",
    "queueing/wav_length.py",
    "voicemail/deadline.py",
    "voicemail/freeze.py",
    "voicemail/reminders.py",
    "voicemail/reply_rules.py",
    "voicemail/subject_words.py",
    "voicemail/subjects.py",
    "voicemail/work_order.py",
    "ivr/call_status.py",
    "ivr/check.py",
    "ivr/content.py",
    "ivr/events.py",
    "ivr/findings.py",
    "ivr/moment.py",
    "ivr/nodes/__init__.py",
    "ivr/commands.py",
    "ivr/takes.py",
    "ivr/verbs.py",
    "ivr/flow.py",
    "ivr/session.py",
    "ivr/words.py",
    "ivr/outcome.py",
    "dashboards/console/asked.py",
    "dashboards/console/callback_words.py",
    "dashboards/console/caller_words.py",
    "dashboards/console/case_words.py",
    "dashboards/console/case_rights.py",
    "dashboards/console/case_figures.py",
    "dashboards/console/freeze_words.py",
    "dashboards/console/guide_search.py",
    "dashboards/console/initials.py",
    "dashboards/console/look_up_words.py",
    "dashboards/console/message_words.py",
    "dashboards/duty_rules.py",
    "dashboards/metrics.py",
    "dashboards/provincial/facts/spans.py",
    "dashboards/provincial/alarms/rules.py",
    "dashboards/provincial/explore/call_words.py",
    "dashboards/provincial/alarms/carrier_match.py",
    "dashboards/provincial/cities/words.py",
    "dashboards/provincial/cities/reconciliation_rules.py",
    "dashboards/provincial/explore/parts.py",
    "dashboards/provincial/explore/query.py",
    "dashboards/provincial/measure_words.py",
    "dashboards/provincial/measures.py",
    "dashboards/provincial/periods.py",
    "dashboards/password_rules.py",
    "dashboards/provincial/cities/agreement.py",
    "dashboards/provincial/cities/csv_file.py",
    "dashboards/provincial/cities/fields.py",
    "dashboards/provincial/cities/formats.py",
    "dashboards/provincial/cities/openapi.py",
    "dashboards/provincial/cities/signature.py",
    "dashboards/provincial/cities/values.py",
    "dashboards/systems_words.py",
    "dashboards/user_rules.py",
    "dashboards/provincial/wall/words.py",
)
# Tables of facts in the shape of a package.
PURE_PACKAGES = {
    "integrations/work_calendar.py": {"chinese_calendar"},
    "integrations/phone_numbers.py": {"phonenumbers"},
}
# Input and output by another name: a pure module gets time, files and chance as arguments.
IMPURE_STANDARD_LIBRARY = {
    "asyncio", "http", "os", "random", "select", "shutil", "signal", "socket", "sqlite3", "ssl",
    "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
READS_ENVIRONMENT = {"app.py", "integrations/settings.py"}
SPEAKS_TWIML = {"ivr/twiml.py"}


def sources() -> Iterator[Path]:
    yield PROJECT_DIR / "app.py"
    for room in ORDER[1:]:
        yield from sorted((PROJECT_DIR / room).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT_DIR).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name_of(path))


def imports(path: Path) -> set[str]:
    """Every module imported anywhere in a file, inside functions too; relative ones made absolute."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                parents = name_of(path).split("/")[: -node.level]
                module = ".".join([*parents, *([module] if module else [])])
            # `from queueing import service` imports the module queueing.service.
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def room_of(module: str) -> str:
    return module.split(".")[0]


def test_every_room_imports_only_to_its_right() -> None:
    wrong = []
    for path in sources():
        room = name_of(path).split("/")[0].removesuffix(".py")
        for module in imports(path):
            target = room_of(module)
            if target in ORDER and ORDER.index(target) < ORDER.index(room):
                wrong.append(f"{name_of(path)} imports {module}")
    assert wrong == []


def test_nothing_but_the_tests_imports_the_tests() -> None:
    assert [name_of(path) for path in sources() if "tests" in map(room_of, imports(path))] == []


def test_the_sandbox_and_the_hotline_meet_on_the_wire_only() -> None:
    """Nothing of the hotline is in the sandbox, and nothing but the command line that starts it knows the sandbox."""
    wrong = []
    for path in sources():
        is_inside = name_of(path).startswith("integrations/sandbox/")
        for module in imports(path) - {"integrations"}:
            is_sandbox = module.split(".")[:2] == ["integrations", "sandbox"]
            if is_inside != is_sandbox and room_of(module) in ORDER and (is_inside or is_sandbox):
                wrong.append(f"{name_of(path)} imports {module}")
    assert [each for each in wrong if not each.startswith("app.py imports integrations.sandbox.server")] == []


def source_of(module: str) -> Path | None:
    """The file of one of our modules, None for anything else (a name inside a module, a package)."""
    if room_of(module) not in ORDER:
        return None
    path = PROJECT_DIR / module.replace(".", "/")
    package = path / "__init__.py"
    return package if package.exists() else path.with_suffix(".py") if path.with_suffix(".py").exists() else None


def pure_modules(root: str) -> dict[str, set[str]]:
    """The root and everything of ours that it imports, each with its imports."""
    found: dict[str, set[str]] = {}
    waiting = [PROJECT_DIR / root]
    while waiting:
        path = waiting.pop()
        if name_of(path) not in found:
            found[name_of(path)] = imports(path)
            waiting += [source for module in imports(path) if (source := source_of(module))]
    return found


@pytest.mark.parametrize("root", PURE)
def test_a_pure_module_imports_only_what_is_pure(root: str) -> None:
    assert (PROJECT_DIR / root).exists(), f"{root} is listed as pure but does not exist"
    wrong = []
    for name, modules in pure_modules(root).items():
        for module in modules:
            top = room_of(module)
            is_pure_library = top in sys.stdlib_module_names and not IMPURE_STANDARD_LIBRARY & {module, top}
            if not (is_pure_library or top in ORDER or top in PURE_PACKAGES.get(name, ())):
                wrong.append(f"{name} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("root", PURE)
def test_a_pure_module_does_not_look_at_the_clock_or_at_files(root: str) -> None:
    forbidden = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "open", "print", "input"}
    wrong = [
        f"{name}:{node.lineno} {ast.unparse(node.func)}"
        for name in pure_modules(root)
        for node in ast.walk(parse(PROJECT_DIR / name))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in forbidden
    ]
    assert wrong == []


def test_only_the_settings_read_the_environment() -> None:
    wrong = []
    for path in sources():
        if name_of(path) in READS_ENVIRONMENT:
            continue
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
                wrong.append(f"{name_of(path)}:{node.lineno}")
        if {"os.environ", "os.getenv"} & imports(path):
            wrong.append(name_of(path))
    assert wrong == []


def test_only_one_module_speaks_twiml() -> None:
    speakers = [path for path in sources() if any(m.startswith("twilio.twiml") for m in imports(path))]
    assert {name_of(path) for path in speakers} <= SPEAKS_TWIML


def test_every_route_says_how_it_is_guarded(services: Services) -> None:
    app = create_app(services.settings, services)
    unguarded = [
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], "guarded_by", "")
    ]
    assert unguarded == []


def test_every_queue_has_a_worker(services: Services) -> None:
    named = {value for name, value in vars(task_queue).items() if name.endswith("_QUEUE")}
    assert named == set(task_queue.QUEUES)
    assert set(build_worker(services.live_store).queue_names()) == set(task_queue.QUEUES)
    literal = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in ("enqueue", "Periodic")
        and any(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in node.args[:2])
    ]
    # A queue is named by its constant, so that a misspelt one is an error at once.
    assert literal == []


def test_every_signature_has_types() -> None:
    wrong = []
    for path in sources():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                untyped = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
                if untyped or (node.returns is None and node.name != "__init__"):
                    wrong.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert wrong == []
