"""Menus, words, content and centres in memory: read from files, proven, and replaced only by something as good."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ivr.actions import COMMANDS
from ivr.check import check_flow
from ivr.commands import CommandKind
from ivr.content import Content, Guide, Piece, Recording
from ivr.content_file import READERS
from ivr.document_size import check_size
from ivr.flow import Flow, Prompt
from ivr.menu_file import build_flow, build_prompts, merge
from ivr.nodes.handover import HandoverNode
from ivr.problem import Problem, did_you_mean
from ivr.proof import is_proven, proof_of
from ivr.yaml_file import Block, read_yaml
from queueing.centre import PROVINCE, Centre, parse_centres

SHIPPED = Path(__file__).parent
AUDIO = "prompts/audio"
FOLDERS = ("flows", "prompts", "content/recordings", "content/guides")
CENTRES_FILE = SHIPPED.parent / "queueing" / "centres.yaml"


@dataclass(frozen=True)
class Library:
    """One consistent reading of all files. `flows` are by (menu, centre code); `problems` forbid its use."""

    centres: Mapping[str, Centre]
    flows: Mapping[tuple[str, str], Flow]
    content: Content
    problems: tuple[Problem, ...]
    fingerprint: str = ""
    # Recordings of prompts by a person, by prompt id.
    audio: Mapping[str, Path] = field(default_factory=dict)
    # Lets other processes of the same start take these files as proven; empty when they are not.
    proof: str = ""

    def centre(self, code: str) -> Centre:
        """A centre; the province for one that is no longer configured, while calls to it are still open."""
        return self.centres.get(code) or self.centres[PROVINCE]

    def flow(self, code: str, menu: str = "") -> Flow:
        """The menu of a centre, or another menu with that centre's words; an unknown menu is the centre's own."""
        centre = self.centre(code)
        own = self.flows[(centre.menu, centre.code)]
        return self.flows.get((menu, centre.code), own) if menu else own


def closed_keys(library: Library) -> list[tuple[str, str, tuple[str, ...]]]:
    """Every closed feature with its reason and the short names of the centres that share it."""
    found: dict[tuple[str, str], list[str]] = {}
    for centre in library.centres.values():
        for name, setting in centre.features.items():
            if not setting.open:
                found.setdefault((name, setting.reason), []).append(centre.short_name)
    return [(name, reason, tuple(centres)) for (name, reason), centres in found.items()]


@dataclass
class _Files:
    """The files of an installation: its own folder first, then what is shipped."""

    config_dir: Path | None
    shipped: Path = SHIPPED
    problems: list[Problem] = field(default_factory=list)
    seen: list[Path] = field(default_factory=list)

    def find(self, folder: str) -> dict[str, Path]:
        found = {path.stem: path for path in sorted((self.shipped / folder).glob("*.yaml"))}
        if self.config_dir:
            found |= {path.stem: path for path in sorted((self.config_dir / folder).glob("*.yaml"))}
        self.seen.extend(found.values())
        return found

    def read(self, path: Path) -> Block:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(Problem(self.name(path), 1, f"读不出来：{error}"))
            return Block(1)
        return read_yaml(text, self.name(path), self.problems)

    @staticmethod
    def name(path: Path) -> str:
        root = SHIPPED.parent
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)

    def audio(self) -> dict[str, Path]:
        """Recordings of prompts, by prompt id."""
        folders = [self.shipped, *([self.config_dir] if self.config_dir else [])]
        return {path.stem: path for folder in folders for path in sorted((folder / AUDIO).glob("*.wav"))}

    def centres_file(self) -> Path:
        own = self.config_dir / "centres.yaml" if self.config_dir else None
        shipped = CENTRES_FILE if self.shipped == SHIPPED else self.shipped / CENTRES_FILE.name
        path = own if own and own.exists() else shipped
        self.seen.append(path)
        return path


def load_library(
    today: date,
    config_dir: Path | None = None,
    commands: Mapping[str, CommandKind] = COMMANDS,
    shipped: Path = SHIPPED,
) -> Library:
    """Read and prove everything. Never raises for a bad file: what is wrong is in `problems`.

    `shipped` is where files come from that `config_dir` does not have: the repository, or a good copy.
    Files that were proven for this process before it started are read, and not proven again.
    """
    is_usual = shipped == SHIPPED and commands is COMMANDS
    before = fingerprint(config_dir)
    if is_usual and is_proven(before, today):
        library = _read_library(today, config_dir, commands, shipped, proves=False)
        # A file that changed while we read was proven by nobody.
        if library.fingerprint == before:
            return library
    library = _read_library(today, config_dir, commands, shipped, proves=True)
    if not is_usual or library.problems or library.fingerprint != before:
        return library
    return replace(library, proof=proof_of(before, today))


def _read_library(
    today: date, config_dir: Path | None, commands: Mapping[str, CommandKind], shipped: Path, proves: bool
) -> Library:
    files = _Files(config_dir, shipped)
    centres = _read_centres(files)
    content = _read_content(files)
    menus = {name: files.read(path) for name, path in files.find("flows").items()}
    menu_files = {name: files.name(path) for name, path in files.find("flows").items()}
    words = [(files.name(path), files.read(path)) for path in files.find("prompts").values()]
    audio = files.audio()
    builder = _Builder(files.problems, content, menus, menu_files, words, commands, today, audio, proves)
    flows = {
        (menu, centre.code): flow
        for centre in centres.values()
        for menu in menus
        if (flow := builder.flow(menu, centre, centres))
    }
    for centre in centres.values():
        if centre.menu not in menus:
            files.problems.append(Problem("centres.yaml", 1, f"{centre.short_name}要用的菜单“{centre.menu}”没有"))
    problems = tuple(dict.fromkeys(files.problems))
    return Library(centres, flows, content, problems, fingerprint(config_dir), audio)


def load_centres(config_dir: Path | None) -> Mapping[str, Centre]:
    """The configured centres alone; empty when their file has problems, which `load_library` names."""
    return _read_centres(_Files(config_dir))


def fingerprint(config_dir: Path | None) -> str:
    """Changes when any file of the library does: names, sizes and times of change."""
    paths = files_in_use(config_dir).values()
    seen = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths if path.exists()]
    return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()


def files_in_use(config_dir: Path | None) -> dict[str, Path]:
    """Every file that counts, by its path inside an installation's folder, such as flows/provincial.yaml."""
    files = _Files(config_dir)
    found = {CENTRES_FILE.name: files.centres_file()}
    for folder in FOLDERS:
        found |= {f"{folder}/{path.name}": path for path in files.find(folder).values()}
    return found | {f"{AUDIO}/{path.name}": path for path in files.audio().values()}


def _read_centres(files: _Files) -> dict[str, Centre]:
    path = files.centres_file()
    centres, sentences = parse_centres(files.read(path), files.name(path))
    files.problems.extend(Problem(files.name(path), 1, sentence) for sentence in sentences)
    return centres


def _read_content(files: _Files) -> Content:
    shelves: dict[str, dict[str, Any]] = {}
    for kind, reader in READERS.items():
        # By file name, which a good piece has as its id, so that none without an id gets lost from the shelf.
        found: dict[str, Piece] = {
            name: reader(files.read(path), files.name(path)) for name, path in files.find(f"content/{kind}").items()
        }
        shelves[kind] = found
    recordings: dict[str, Recording] = shelves["recordings"]
    guides: dict[str, Guide] = shelves["guides"]
    return Content(recordings, guides)


def _is_wav(path: Path) -> bool:
    try:
        with wave.open(str(path)) as file:
            return file.getnframes() > 0 and file.getsampwidth() == 2 and 8000 <= file.getframerate() <= 48000
    except (OSError, EOFError, wave.Error):
        return False


@dataclass
class _Builder:
    """Builds each centre's version of each menu, and proves each different version once unless that was done."""

    problems: list[Problem]
    content: Content
    menus: Mapping[str, Block]
    menu_files: Mapping[str, str]
    words: list[tuple[str, Block]]
    commands: Mapping[str, CommandKind]
    today: date
    audio: Mapping[str, Path]
    proves: bool
    _common: dict[str, tuple[Flow | None, Mapping[str, Prompt]]] = field(default_factory=dict)

    def flow(self, menu: str, centre: Centre, centres: Mapping[str, Centre]) -> Flow | None:
        """The menu with a centre's own words; a menu without any is built once for all centres."""
        if not centre.words:
            if menu not in self._common:
                self._common[menu] = self._build(menu, None, centres), {}
            return self._common[menu][0]
        return self._build(menu, centre, centres)

    def _build(self, menu: str, centre: Centre | None, centres: Mapping[str, Centre]) -> Flow | None:
        file = self.menu_files[menu]
        before = len(self.problems)
        head = self._merged(menu, seen=set())
        if head is None:
            return None
        own_words = self._own_words(head, file, centre)
        prompts = build_prompts([*self.words, *own_words], self.problems)
        changed = {prompt_id for _, block in own_words for prompt_id in block}
        prompts = self._with_recordings(dict(prompts), changed)
        flow = build_flow(head, file, prompts, self.content, self.problems)
        if flow is None:
            return None
        opened = {name for c in centres.values() for name, setting in c.features.items() if setting.open}
        found = check_flow(flow, opened, self.commands, self.today) if self.proves else []
        self.problems.extend([*found, *self._nowhere(flow, centres), *self._unused_words(prompts, head, centre)])
        if self.proves and len(self.problems) == before:
            self.problems.extend(check_size(flow, self.today))
        return flow if flow.is_whole else None

    def _with_recordings(self, prompts: dict[str, Prompt], changed: set[str]) -> dict[str, Prompt]:
        """Prompts of which there is a recording; not where a menu or a centre says the sentence in its own words."""
        for prompt_id, path in self.audio.items():
            prompt = prompts.get(prompt_id)
            if prompt is None:
                hint = did_you_mean(prompt_id, prompts)
                self.problems.append(Problem(_Files.name(path), 1, f"录音“{prompt_id}”没有这句话{hint}"))
            elif "{" in prompt.text:
                self.problems.append(Problem(_Files.name(path), 1, f"“{prompt_id}”要填词，不能用录音"))
            elif not _is_wav(path):
                self.problems.append(Problem(_Files.name(path), 1, "不是能播的 WAV 文件（PCM，8 到 48 kHz）"))
            elif prompt_id not in changed:
                prompts[prompt_id] = replace(prompt, recorded=True)
        return prompts

    def _nowhere(self, flow: Flow, centres: Mapping[str, Centre]) -> Iterator[Problem]:
        """Handovers to a centre or a menu that there is not."""
        for node in flow.nodes.values():
            if isinstance(node, HandoverNode):
                if node.centre.isdigit() and node.centre not in centres:
                    yield Problem(node.file, node.line, f"“{node.id}”要转到“{node.centre}”，没有这个中心")
                if node.menu and node.menu not in self.menus:
                    hint = did_you_mean(node.menu, self.menus)
                    yield Problem(node.file, node.line, f"“{node.id}”要转到菜单“{node.menu}”，没有这个菜单{hint}")

    def _unused_words(self, prompts: Mapping[str, Prompt], head: Block, centre: Centre | None) -> Iterator[Problem]:
        """A centre's words for a sentence that no menu says: a misspelt name."""
        known = {prompt_id for _, block in self.words for prompt_id in block} | set(head.get("prompts") or ())
        for prompt_id in centre.words if centre else ():
            if prompt_id not in known:
                prompt = prompts[prompt_id]
                hint = did_you_mean(prompt_id, known)
                yield Problem(prompt.file, prompt.line, f"words 里的“{prompt_id}”没有这句话{hint}")

    def _merged(self, menu: str, seen: set[str]) -> Block | None:
        """The menu laid over those that it extends; None when one of them is missing or they go in a circle."""
        head = self.menus[menu]
        base = head.get("extends")
        if not base:
            return head
        if not isinstance(base, str) or base not in self.menus or base in seen | {menu}:
            self.problems.append(
                Problem(
                    self.menu_files[menu],
                    head.lines.get("extends", 1),
                    f"extends “{base}”没有这个菜单，或者绕成了圈",
                )
            )
            return None
        merged = self._merged(base, seen | {menu})
        return merge(merged, head) if merged is not None else None

    @staticmethod
    def _own_words(head: Block, file: str, centre: Centre | None) -> list[tuple[str, Block]]:
        own = [(file, head["prompts"])] if isinstance(head.get("prompts"), Block) else []
        if centre:
            block = Block(1)
            block.update(centre.words)
            own.append((f"centres.yaml（{centre.short_name}）", block))
        return own
