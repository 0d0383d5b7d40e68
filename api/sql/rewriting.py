"""A checked question as it is run: what fails on a single value is null there, and columns keep the names that were written.

An error would say something of rows out of sight: whether a value is divided before or after rows are narrowed, the optimiser decides.
"""

from sqlglot import exp

from api.sql.grammar import ARITHMETIC, NODES

LONGEST_NAME = 60
# DuckDB's function that answers null where its argument fails.
SHIELD = "try"
DIALECT = "duckdb"


def rewritten(root: exp.Expr) -> exp.Expr:
    """The question to run; the one given is changed."""
    for select in list(root.find_all(exp.Select)):
        for projection in select.expressions:
            _keep_name(projection)
        _spell_out_grouping(select)
    for cast in list(root.find_all(exp.Cast)):
        # A constant that does not fit is the question's own fault, and is told.
        if type(cast) is exp.Cast and not isinstance(cast.this, exp.Literal):
            cast.replace(exp.TryCast(**cast.args))
    shielded: set[int] = set()
    for part in list(root.walk(bfs=True)):
        if id(part) not in shielded and _may_fail(part):
            shielded |= {id(inner) for inner in part.walk()}
            part.replace(exp.Anonymous(this=SHIELD, expressions=[part.copy()]))
    return root


def _keep_name(projection: exp.Expr) -> None:
    if isinstance(projection, exp.Alias | exp.Column | exp.Star):
        return
    name = projection.sql(DIALECT, comments=False)[:LONGEST_NAME]
    projection.replace(exp.alias_(projection.copy(), name, quoted=True))


def _spell_out_grouping(select: exp.Select) -> None:
    """`group by all` by the places of what it means: DuckDB 1.5.5 fails on it where a column is shielded."""
    group = select.args.get("group")
    if group is None or not group.args.get("all") or select.is_star:
        return
    places = [place for place, shown in enumerate(select.expressions, 1) if shown.find(exp.AggFunc) is None]
    plain = exp.Group(expressions=[exp.Literal.number(place) for place in places])
    select.set("group", plain if places else None)


def _may_fail(part: exp.Expr) -> bool:
    """Whether it computes something of the columns of one row that not every value allows."""
    kind: type = type(part)
    is_function = issubclass(kind, exp.Func) and not issubclass(kind, exp.AggFunc) and kind not in NODES
    if not (is_function or kind in ARITHMETIC) or isinstance(part.parent, exp.Window):
        return False
    return part.find(exp.Column) is not None and part.find(exp.AggFunc, exp.Window, exp.Query) is None
