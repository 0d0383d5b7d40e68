"""What part of the rows somebody may see: regions and publishers, each with everything below it."""

from dataclasses import dataclass

SEPARATOR = " / "
# Per kind: the dimension's table, its key on facts and rollups, and the columns of parent and child.
KINDS = {
    "region": ("dim_region", "region_key", "country", "region"),
    "publisher": ("dim_publisher", "publisher_key", "publisher", "imprint"),
}


@dataclass(frozen=True)
class Scope:
    """Members are `Country` or `Country / Region`, and `Publisher` or `Publisher / Imprint`; an empty kind is not narrowed."""

    regions: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()

    def members(self, kind: str) -> tuple[str, ...]:
        """What a kind (`region` or `publisher`) is narrowed to."""
        return {"region": self.regions, "publisher": self.publishers}[kind]

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that a table must have to be narrowed to this scope."""
        return tuple(key for kind, (_, key, _, _) in KINDS.items() if self.members(kind))

    def conditions(self, table: str) -> tuple[list[str], dict[str, object]]:
        """SQL conditions on a table's keys that keep the rows of this scope, and their parameters; a kind each."""
        conditions: list[str] = []
        parameters: dict[str, object] = {}
        for kind in KINDS:
            if self.members(kind):
                condition, values = _within(kind, self.members(kind), table)
                conditions.append(condition)
                parameters |= values
        return conditions, parameters


def _within(kind: str, members: tuple[str, ...], table: str) -> tuple[str, dict[str, object]]:
    dimension, key, parent, child = KINDS[kind]
    choices: list[str] = []
    values: dict[str, object] = {}
    for number, member in enumerate(members):
        above, separator, below = member.partition(SEPARATOR)
        name = f"scope_{kind}_{number}"
        values[name] = above
        choices.append(f"{dimension}.{parent} = ${name}")
        if separator:
            values[f"{name}_child"] = below
            choices[-1] = f"({choices[-1]} and {dimension}.{child} = ${name}_child)"
    inside = f"select {dimension}.{key} from analytics.{dimension} where {' or '.join(choices)}"
    return f"{table}.{key} in ({inside})", values


EVERYTHING = Scope()
