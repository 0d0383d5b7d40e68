"""Who may see what, read once from permissions.yaml. Roles build on each other; what is not listed is refused."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from warehouse.semantic import SemanticModel

FILE = Path(__file__).parent / "permissions.yaml"


class Permissions(BaseModel):
    """The permission matrix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[str, ...]
    endpoints: dict[str, tuple[str, ...]]
    columns: dict[str, tuple[tuple[str, ...], ...]]
    tables: dict[str, dict[str, tuple[str, ...]]]
    functions: dict[str, tuple[tuple[str, ...], ...]]
    never: tuple[str, ...]
    smallest_customer_cell: int
    scopes: tuple[str, ...]

    @property
    def public(self) -> frozenset[str]:
        """Endpoints that anybody may call."""
        return frozenset(self.endpoints.get("public", ()))

    def endpoints_of(self, role: str) -> frozenset[str]:
        """Endpoints that the role may call, those of the roles below it and the public ones included."""
        return self.public.union(*(self.endpoints.get(lower, ()) for lower in self._up_to(role)))

    def metrics_of(self, role: str, model: SemanticModel) -> tuple[str, ...]:
        """Metrics that the role may see, in the model's order."""
        seen = self.columns_of(role)
        return tuple(name for name in model.metrics if name in seen)

    def columns_of(self, role: str) -> frozenset[str]:
        """Columns that the role may see, those of the roles below it included: metrics, dimensions, labels of a book."""
        return frozenset(
            name for lower in self._up_to(role) for names in self.columns.get(lower, ()) for name in names
        ).difference(self.never)

    def tables_of(self, role: str) -> dict[str, tuple[str, ...]]:
        """Tables that the role may name in SQL, each with its columns, those of the roles below it first."""
        seen: dict[str, tuple[str, ...]] = {}
        for lower in self._up_to(role):
            for table, columns in self.tables.get(lower, {}).items():
                allowed = (name for name in columns if name not in self.never)
                seen[table] = tuple(dict.fromkeys((*seen.get(table, ()), *allowed)))
        return seen

    def functions_of(self, role: str) -> frozenset[str]:
        """Functions that the role may call in SQL."""
        return frozenset(
            name for lower in self._up_to(role) for names in self.functions.get(lower, ()) for name in names
        )

    def _up_to(self, role: str) -> tuple[str, ...]:
        return self.roles[: self.roles.index(role) + 1]


@cache
def load_permissions() -> Permissions:
    """The permission matrix of the installed package."""
    return Permissions(**yaml.safe_load(FILE.read_text()))
