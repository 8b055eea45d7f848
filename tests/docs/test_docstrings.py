"""Public names of the numeric core say what shape and dtype their arrays have.

A function, method or class whose annotations name an array type has a docstring in which a shape
is given, such as ``(n, d)`` or ``(H, W, 3)``, and a dtype, such as float32; every other public name
has a docstring. What a public function raises, itself or by a private one of its module, is in its
docstring; a module that follows a paper or a standard names it, the others are listed here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("gate/recognition", "gate/evaluation")
FILES = sorted(file for place in CORE for file in (ROOT / place).rglob("*.py"))
# numpy's and the aliases of it that the core uses; a test below finds aliases left out here
ARRAYS = {
    "NDArray",
    "ndarray",
    "ArrayLike",
    "Vector",
    "Values",
    "Index",
    "Persons",
    "Image",
    "Points",
    "AlignedCrops",
    "Floats",
    "Ints",
    "Thumbnail",
}
SHAPE = re.compile(r"\((?:[A-Za-z]|\d+|capacity|photographs|rounds|size)(?: ?[-+/] ?\w+)?,[^()]*\)")
DTYPE = re.compile(r"\b(?:float(?:16|32|64)|u?int(?:8|16|32|64)|intp|bool)\b")
Definition = ast.FunctionDef | ast.ClassDef


# an author and a year, or a standard
CITED = re.compile(
    r"\b[A-Z][\w-]+(?:,? (?:and|van|[A-Z][\w-]+))*(?: et al\.)?,? \(?(?:19|20)\d\d\b"
    r"|ISO/IEC \d+|NIST IR \d+"
)
# modules that follow no paper: values, rules and arithmetic of our own, or other modules' methods
OF_OUR_OWN = {
    *(f"evaluation/{name}.py" for name in ("baselines", "embedding", "faces_in", "measure")),
    *(f"evaluation/{name}.py" for name in ("on_site", "photos", "recipe", "report", "study")),
    "evaluation/synthetic_gallery.py",
    "recognition/box.py",
    *(f"recognition/detection/{name}.py" for name in ("free_network", "landmarks", "motion")),
    "recognition/detection/search.py",
    *(f"recognition/encoders/{name}.py" for name in ("build", "composite", "encoder")),
    *(f"recognition/encoders/{name}.py" for name in ("reference", "refined")),
    *(f"recognition/{name}.py" for name in ("face", "interfaces", "recogniser", "runtime")),
    *("recognition/learning/choice.py", "recognition/learning/rules.py"),
    *(f"recognition/matching/{name}.py" for name in ("centroids", "gallery", "impostors")),
    *(f"recognition/matching/{name}.py" for name in ("lookalikes", "matcher", "score_prior")),
    "recognition/matching/site_calibration.py",
    "recognition/quality/eye_openness.py",
    "recognition/tracking.py",
}


def public(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Public functions and classes of a module, and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        if any(ast.unparse(d).endswith(".setter") for d in inner.decorator_list):
                            continue  # documented at the property
                        yield f"{node.name}.{inner.name}", inner


def names_in(annotation: ast.expr | None) -> set[str]:
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in (ast.walk(annotation) if annotation else ())
        if isinstance(node, ast.Name | ast.Attribute)
    }


def type_names(node: Definition) -> set[str]:
    """The type names in a function's signature, or in the fields of a class."""
    if isinstance(node, ast.ClassDef):
        fields = (n for n in node.body if isinstance(n, ast.AnnAssign))
        return set().union(*(names_in(field.annotation) for field in fields))
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    found = [names_in(argument.annotation) for argument in given]
    return set().union(names_in(node.returns), *found)


def raised(node: ast.AST, private: dict[str, ast.FunctionDef], seen: frozenset[str]) -> set[str]:
    """Names of the errors that ``node`` raises itself or by ``private`` functions it calls."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Raise) and inner.exc is not None:
            made = inner.exc.func if isinstance(inner.exc, ast.Call) else inner.exc
            found |= {ast.unparse(made).split(".")[-1]}
        elif isinstance(inner, ast.Call):
            called = ast.unparse(inner.func).split(".")[-1]
            if called in private and called not in seen:
                found |= raised(private[called], private, seen | {called})
    return {name for name in found if name[:1].isupper()}


def undocumented(tree: ast.Module) -> list[str]:
    """Errors of public functions that no docstring of theirs names."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    private = {node.name: node for node in functions if node.name.startswith("_")}
    found = []
    for name, node in public(tree):
        inside = [node]
        if isinstance(node, ast.ClassDef):  # how it is made; its methods come apart
            inside = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            inside = [n for n in inside if n.name in ("__init__", "__post_init__")]
        text = "".join(ast.get_docstring(n) or "" for n in {node, *inside})
        errors = set().union(*(raised(n, private, frozenset()) for n in inside))
        found += [f"{name}: raises {error}" for error in sorted(errors) if error not in text]
    return found


def cites(tree: ast.Module) -> bool:
    """Whether a docstring of the module names a paper or a standard."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
    return any(CITED.search(text) for text in texts)


def faults(source: str) -> list[str]:
    """What is wrong with the docstrings of a module's text."""
    found = undocumented(ast.parse(source))
    for name, node in public(ast.parse(source)):
        text = ast.get_docstring(node) or ""
        if not text:
            found.append(f"{name}: no docstring")
        if type_names(node) & ARRAYS and not SHAPE.search(text):
            found.append(f"{name}: no shape")
        if type_names(node) & ARRAYS and not DTYPE.search(text):
            found.append(f"{name}: no dtype")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_docstrings_give_shapes_dtypes_and_errors(file: Path) -> None:
    assert faults(file.read_text("utf-8")) == []


@pytest.mark.slow
def test_a_module_names_its_source_or_has_none() -> None:
    without = {
        str(file.relative_to(ROOT / "gate"))
        for file in FILES
        if file.stem not in ("__init__", "settings") and not cites(ast.parse(file.read_text()))
    }
    assert without == OF_OUR_OWN, "name the paper or the standard, or list the module above"


@pytest.mark.slow
def test_every_alias_of_an_array_is_known_here() -> None:
    aliases = {
        target.id
        for file in FILES
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and names_in(node.value.value) == {"NDArray"}
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    # centerface's rows are (n, 15) and named like the evaluation's tuples of numbers
    assert aliases - ARRAYS == {"Rows"}


def test_the_rules_would_notice() -> None:
    assert faults("def f(rows: Vector) -> int:\n    'Rows.'") == [
        "f: no shape",
        "f: no dtype",
    ]
    assert faults("def f(rows: Vector) -> int:\n    'Rows (n, d).'") == ["f: no dtype"]
    assert faults("def f(rows: Vector) -> int:\n    'float32 (n, d).'") == []
    assert faults("def f(rows: list[NDArray[x]]) -> int:\n    'float32 (n,).'") == []
    assert faults("def f() -> int: ...") == ["f: no docstring"]
    assert faults("class A:\n    'Of them.'\n    rows: Vector") == ["A: no shape", "A: no dtype"]
    assert faults("class A:\n    'No.'\n    def g(self) -> Values:\n        'S.'") == [
        "A.g: no shape",
        "A.g: no dtype",
    ]
    raises = "def _g() -> int:\n    raise {}\ndef f() -> int:\n    'A number.{}'\n    return _g()"
    assert faults(raises.format("GateError('no')", "")) == ["f: raises GateError"]
    assert faults(raises.format("ValueError", " Raises ValueError.")) == []
    for text in ("(Pickands 1975)", "Wu, Peng and Yu 2023; MIT", "Xu et al. 2019", "ISO/IEC 30107"):
        assert CITED.search(text), text
    assert not CITED.search("since 2019, 1,375 photographs, in January")
    assert len(FILES) > 40
