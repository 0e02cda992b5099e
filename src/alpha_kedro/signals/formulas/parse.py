"""Formulas read from text, as a YAML file gives them."""

import ast
import operator
from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeGuard

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula

_SPELT_OTHERWISE: Mapping[str, Callable[..., Formula]] = {
    "log": words.log_of,
    "abs": abs,
    "sum": words.sum_of,
    "max": words.max_of,
    "min": words.min_of,
    "exceeds": operator.gt,
}
_AS_NAMED = (
    *("sqrt", "sign", "exp", "power", "larger", "smaller", "is_above", "where"),
    *("first_known", "single", "delay", "delta", "growth", "product", "mean", "std"),
    *("var", "skew", "kurt", "z_score", "argmax", "argmin", "rank", "quantile"),
    *("median", "slope", "r_squared", "line", "residual", "decay_linear", "cov"),
    *("corr", "beta", "residual_std", "ewm_mean", "ewm_std", "wilder"),
    *("across_rank", "across_z_score", "across_demean", "sector_demean"),
    *("sector_mean", "sector_rank", "mean_deviation", "streak"),
)
WORDS: Mapping[str, Callable[..., Formula]] = {
    **_SPELT_OTHERWISE,
    **{name: getattr(words, name) for name in _AS_NAMED},
}
"""What may be called in a formula."""

FIELDS: Mapping[str, Formula] = {
    "open": words.open_,
    "ret": words.ret,
    "log_ret": words.log_ret,
    **{
        name: getattr(words, name)
        for name in (
            *("high", "low", "close", "volume", "dollar_volume", "quoted_open"),
            *("quoted_high", "quoted_low", "quoted_close", "quoted_vwap"),
            *("market_return", "sector", "listed", "day_of_week", "month"),
        )
    },
}
"""What a formula may read."""

_ARITHMETIC: Mapping[type[ast.AST], Callable[..., Formula]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}


_SHOWN = 200
_DEEPEST = 200
"""Formulas inside one another that can be computed well within Python's own limit."""

_MISREAD = (
    *(SyntaxError, ValueError),
    TypeError,  # mean(20, 20)
    ArithmeticError,  # 1 / 0
    *(MemoryError, RecursionError),  # thousands of brackets
)


def read_formula(text: str, *, where: str) -> Formula:
    """Read a formula: fields, numbers, + - * / > <, and words with their windows.

    Parameters
    ----------
    text
        Such as ``close / mean(close, 20) - 1``.
    where
        Name to show in an error.

    Raises
    ------
    ConfigError
        ``AK-C112`` for what is no formula, with the nearest word for a misspelt one;
        ``AK-C110``, ``AK-C111`` for a window or quantile that cannot be.

    Notes
    -----
    The text is read, never run: nothing but the words and fields of this language means
    anything in it.
    """
    try:
        found = _Reader(where).read(ast.parse(text.strip(), mode="eval").body)
        if isinstance(found, Formula) and found.depth > _DEEPEST:
            raise RecursionError
    except ConfigError as error:
        raise _placed(error, where) from None
    except _MISREAD as error:
        raise _unreadable(where, text, str(error) or "too deep") from None
    if isinstance(found, Formula):
        return found
    raise _unreadable(where, text, "it reads no price, volume or other field")


class _Reader:
    """Turns a parsed expression into a formula."""

    def __init__(self, where: str) -> None:
        self._where = where

    def read(self, node: ast.AST) -> Formula | float:
        match node:
            case ast.Constant(value=number) if _is_finite(number):
                return number
            case ast.Name(id=name):
                return self._field(name)
            case ast.Attribute(value=ast.Name(id="report"), attr=name):
                return words.report(name)
            case ast.Attribute(value=ast.Name(id="sentiment"), attr=name):
                return words.sentiment(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.read(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._join(op, left, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._join(op, left, right)
            case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords):
                return self._call(word, args, keywords)
        raise _unreadable(self._where, ast.unparse(node), "this means nothing here")

    def _field(self, name: str) -> Formula:
        if name in FIELDS:
            return FIELDS[name]
        raise self._unknown("field", name, FIELDS)

    def _join(self, op: ast.AST, left: ast.AST, right: ast.AST) -> Formula | float:
        if type(op) not in _ARITHMETIC:
            raise _unreadable(self._where, type(op).__name__, "use + - * / > <")
        return _ARITHMETIC[type(op)](self.read(left), self.read(right))

    def _call(
        self, word: str, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> Formula:
        if word not in WORDS:
            raise self._unknown("word", word, WORDS)
        named = {each.arg or "": _option(each.value) for each in keywords}
        return WORDS[word](*(self.read(each) for each in args), **named)

    def _unknown(self, kind: str, name: str, names: Mapping[str, object]) -> Exception:
        close = nearest(name, names)
        return _no_formula(
            self._where,
            f"there is no {kind} {name!r}",
            wanted=f"one of {', '.join(sorted(names))}",
            fix=f"did you mean {close!r}?" if close else f"use one of these {kind}s",
        )


def _is_finite(value: object) -> TypeGuard[float]:
    is_number = isinstance(value, int | float) and isfinite(value)
    return is_number and not isinstance(value, bool)


def _option(node: ast.expr) -> str:
    """Return the value of ``known=any``, with or without quotes."""
    value = node.id if isinstance(node, ast.Name) else getattr(node, "value", None)
    if value not in ("all", "most", "any"):
        raise ValueError("known is all, most or any")
    return str(value)


def _placed(error: ConfigError, where: str) -> ConfigError:
    """Return the error of a word with the name of the formula it stands in."""
    return ConfigError(
        error.code,
        error.what,
        where=error.where or [where],
        got=error.got,
        wanted=error.wanted,
        fix=error.fix,
    )


def _unreadable(where: str, text: str, why: str) -> ConfigError:
    return _no_formula(
        where,
        f"{text[:_SHOWN]!r}: {why}",
        wanted="such as close / mean(close, 20) - 1",
        fix="fields, numbers, + - * / > < and words of alpha_kedro.signals.formulas",
    )


def _no_formula(where: str, got: str, *, wanted: str, fix: str) -> ConfigError:
    return ConfigError(
        "AK-C112",
        "a formula cannot be read",
        where=[where],
        got=got,
        wanted=wanted,
        fix=fix,
    )
