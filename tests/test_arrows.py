"""The arrows of docs/architecture.md: who may import whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
ORDER = [
    "database",
    "accounts",
    "campaigns",
    "prompts",
    "rounds",
    "ranking",
    "chat",
    "quality",
    "datasets",
    "loop",
    "runtime",
]
"""A room imports only rooms that stand before it."""
EVERYWHERE = {
    "annotate.errors",
    "annotate.text",
    "annotate.processes",
    "annotate.rendering",
    "annotate.celery",
    "annotate.live.events",
}
"""What any room may import: what has no room, and where events are published."""
BESIDE = {"live", "simulation"}
CONTRACTS = "training.contracts"


def modules(package: str) -> list[Path]:
    """The source files of a package, migrations aside."""
    return [path for path in sorted((BASE / package).rglob("*.py")) if "migrations" not in path.parts]


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """What a file imports: module, line, and whether it stands inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            for alias in node.names:
                yield _module_of(node.module or "", alias.name), node.lineno, id(node) in inside


def _module_of(module: str, name: str) -> str:
    """``from a.b import c`` imports the module ``a.b.c`` if there is one, else ``a.b``."""
    path = BASE.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else module


def room_of(module: str) -> str | None:
    """The room of a module of ``annotate``; None for what has no room."""
    parts = module.split(".")
    known = len(parts) > 1 and parts[0] == "annotate" and (BASE / "annotate" / parts[1]).is_dir()
    return parts[1] if known else None


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(BASE).with_suffix("").parts)


def allowed(importer: Path, module: str) -> bool:
    """Whether a file in a room may import a module of ``annotate``."""
    room, target = room_of(name_of(importer)), room_of(module)
    if module in EVERYWHERE or target == room:
        return True
    if room == "simulation":
        # It works through the public API; it may start a server of its own.
        return target == "runtime"
    if room == "live":
        # Publishing depends on nothing; only the websockets know of rounds and people.
        return name_of(importer) == "annotate.live.consumers" and target in ("accounts", "rounds")
    if target is None:
        return False
    return target in ORDER and ORDER.index(target) < ORDER.index(str(room))


def wrong(package: str, is_wrong: Callable[[Path, str], bool]) -> list[str]:
    """The imports of a package that break a rule, for a person to find them."""
    return [
        f"{name_of(path)}:{line} imports {module}"
        for path in modules(package)
        for module, line, _ in imports(path)
        if is_wrong(path, module)
    ]


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(name_of(path)) for path in modules("annotate")} - {None} == {*ORDER, *BESIDE}


def test_a_room_imports_only_what_stands_before_it() -> None:
    def against_the_arrows(path: Path, module: str) -> bool:
        in_room = room_of(name_of(path)) is not None
        return in_room and module.split(".")[0] == "annotate" and not allowed(path, module)

    assert wrong("annotate", against_the_arrows) == []


def test_annotate_knows_only_the_contracts_of_training() -> None:
    assert wrong("annotate", lambda _, module: module.startswith("training") and module != CONTRACTS) == []


def test_training_knows_nothing_of_annotate() -> None:
    assert wrong("training", lambda _, module: module.split(".")[0] in ("annotate", "django")) == []


def test_a_stage_imports_no_other_stage_but_sample() -> None:
    def another(path: Path, module: str) -> bool:
        return module.startswith("training.stages.") and module not in (
            name_of(path),
            "training.stages.sample",
        )

    assert wrong("training/stages", another) == []


def test_the_contracts_need_nothing_but_the_standard_library() -> None:
    def foreign(_: Path, module: str) -> bool:
        ours = module == CONTRACTS or module.startswith(f"{CONTRACTS}.")
        return not ours and module.split(".")[0] not in sys.stdlib_module_names

    assert wrong("training/contracts", foreign) == []


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        f"{name_of(path)}:{line} imports {module}"
        for path in modules("annotate") + modules("training")
        for module, line, inside in imports(path)
        if inside and module.split(".")[0] in ("annotate", "training")
    ]
    assert hidden == []


def test_it_would_catch_an_arrow_that_points_the_wrong_way() -> None:
    rounds = BASE / "annotate" / "rounds" / "services.py"
    assert allowed(rounds, "annotate.campaigns.models")
    assert allowed(rounds, "annotate.live.events")
    for wrong in (
        "annotate.ranking.models",
        "annotate.live.consumers",
        "annotate.urls",
        "annotate.loop.runs",
    ):
        assert not allowed(rounds, wrong)
