"""The ways in which code is changed.

Left alone, because nobody could call the change wrong behaviour: docstrings, annotations and type
variables, imports, decorators, `__slots__` and `__all__`, and texts for people (strings with a
blank in them, f-strings, what is raised with an exception).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[cst.CSTNode]]

_TRUE, _FALSE = cst.Name("True"), cst.Name("False")
_NO_NEWS_IF_NONE = ("None", "False", "True")
"""Values that None does not change, or no more than the contrary does, which is tried anyway."""
_OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _word(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """A word that programs read becomes another."""
    if not node.raw_value.count(" ") and node.quote in ('"', "'"):
        yield node.with_changes(value=f'"XX{node.raw_value}XX"')


def _smaller(node: cst.Integer | cst.Float) -> Iterator[cst.CSTNode]:
    """mutmut only makes numbers greater."""
    value = node.evaluated_value - 1
    literal = type(node)(repr(abs(value)))
    yield literal if value >= 0 else cst.UnaryOperation(cst.Minus(), literal)


def _deleted(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """What is done is left undone."""
    (statement,) = node.body
    match statement:
        case cst.Expr(value=cst.Call() | cst.Yield()) | cst.Raise() | cst.Return(value=None):
            yield node.with_changes(body=[cst.Pass()])
        case cst.Return(value=value) if not _is_name(value, *_NO_NEWS_IF_NONE):
            yield node.with_changes(body=[statement.with_changes(value=cst.Name("None"))])
        case _:
            pass


def _is_name(value: cst.BaseExpression | None, *names: str) -> bool:
    return isinstance(value, cst.Name) and value.value in names


def _forced(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    """A condition holds always, or never."""
    yield node.with_changes(test=_TRUE)
    yield node.with_changes(test=_FALSE)


def _one_sided(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    """Half of a condition is dropped."""
    for half in (node.left, node.right):
        yield half.with_changes(lpar=[*node.lpar, *half.lpar], rpar=[*half.rpar, *node.rpar])


def _without(node: cst.Call) -> Iterator[cst.CSTNode]:
    """An argument is None or, where it has a name and thus perhaps a default, missing.

    mutmut drops the others too, which seldom makes more than a TypeError.
    """
    for index, argument in enumerate(node.args):
        before, after = node.args[:index], node.args[index + 1 :]
        if argument.star == "" and not _is_name(argument.value, "turn", *_NO_NEWS_IF_NONE):
            nothing = argument.with_changes(value=cst.Name("None"))
            yield node.with_changes(args=[*before, nothing, *after])
        if argument.keyword is not None:
            yield node.with_changes(args=[*before, *after])


def _unassigned(node: cst.Assign | cst.AnnAssign) -> Iterator[cst.CSTNode]:
    if node.value is not None and not _is_name(node.value, *_NO_NEWS_IF_NONE):
        yield node.with_changes(value=cst.Name("None"))


def _opposite(node: cst.Call) -> Iterator[cst.CSTNode]:
    if isinstance(node.func, cst.Name) and node.func.value in _OPPOSITES:
        yield node.with_changes(func=cst.Name(_OPPOSITES[node.func.value]))


def _one_less(node: cst.Tuple | cst.Dict | cst.Set) -> Iterator[cst.CSTNode]:
    """An element is left out."""
    if len(node.elements) > 1 or isinstance(node, cst.Dict):
        for index in range(len(node.elements)):
            rest = [*node.elements[:index], *node.elements[index + 1 :]]
            if isinstance(node, cst.Tuple) and len(rest) == 1:
                rest = [rest[0].with_changes(comma=cst.Comma())]
            yield node.with_changes(elements=rest)


_OWN_INSTEAD = (
    mutators.operator_string,
    mutators.operator_arg_removal,
    mutators.operator_assignment,
)
OPERATORS: list[tuple[type[cst.CSTNode] | tuple[type[cst.CSTNode], ...], Operator]] = [
    *(pair for pair in mutators.mutation_operators if pair[1] not in _OWN_INSTEAD),
    (cst.Call, _without),
    ((cst.Assign, cst.AnnAssign), _unassigned),
    (cst.SimpleString, _word),
    ((cst.Integer, cst.Float), _smaller),
    (cst.SimpleStatementLine, _deleted),
    ((cst.If, cst.CompIf), _forced),
    (cst.BooleanOperation, _one_sided),
    (cst.Call, _opposite),
    ((cst.Tuple, cst.Dict, cst.Set), _one_less),
]


def is_left_alone(node: cst.CSTNode) -> bool:
    """Whether neither this node nor anything in it is changed."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.FormattedString() | cst.ConcatenatedString():
            return True
        case cst.Expr(value=cst.SimpleString()):
            return True
        case cst.Call(
            func=cst.Name(value="len" | "isinstance" | "TypeVar" | "TypeError" | "ValueError")
        ):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name.startswith("__")
        case _:
            return False
