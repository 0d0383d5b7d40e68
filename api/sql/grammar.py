"""What a question in SQL may be made of. A part of the language that is not here is refused, whatever the parser makes of it."""

from sqlglot import exp

# Clauses, operators and literals. Functions are those of the permission matrix.
NODES: frozenset[type] = frozenset({
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
    exp.With, exp.CTE, exp.Subquery, exp.Table, exp.TableAlias, exp.Union, exp.Except, exp.Intersect, exp.Distinct,
    exp.Rollup, exp.Cube, exp.GroupingSets, exp.Window, exp.WindowSpec, exp.Filter, exp.IgnoreNulls, exp.RespectNulls,
    exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Var,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is,
    exp.In, exp.Between, exp.Like, exp.ILike, exp.Exists,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Interval,
    exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
})  # fmt: skip

QUERIES = (exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery)
# Can fail on a value, as can most functions.
ARITHMETIC: tuple[type, ...] = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg)

_TYPE = exp.DataType.Type
TYPES = frozenset({
    _TYPE.BOOLEAN, _TYPE.SMALLINT, _TYPE.INT, _TYPE.BIGINT, _TYPE.INT128, _TYPE.DECIMAL, _TYPE.FLOAT, _TYPE.DOUBLE,
    _TYPE.VARCHAR, _TYPE.TEXT, _TYPE.DATE, _TYPE.TIMESTAMP, _TYPE.INTERVAL,
})  # fmt: skip

DESCRIBED = "a question is one SELECT: with, joins, subqueries, grouping, windows, union, except and intersect"
