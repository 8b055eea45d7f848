"""Public names of the numeric core say what shape and dtype their arrays have.

A function, method or class whose annotations name an array type has a docstring in which a shape
is given, such as ``(n, d)`` or ``(H, W, 3)``, and a dtype, such as float32; every other public name
has a docstring.
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


def faults(source: str) -> list[str]:
    """What is wrong with the docstrings of a module's text."""
    found = []
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
def test_arrays_have_their_shape_and_dtype_in_the_docstring(file: Path) -> None:
    assert faults(file.read_text("utf-8")) == []


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
    assert len(FILES) > 40
