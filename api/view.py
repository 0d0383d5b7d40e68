"""What somebody may see of the numbers: columns by role, rows by scope. Every question goes through here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from api.auth.authority import Caller
from warehouse.permissions import load_permissions
from warehouse.planner import Question
from warehouse.scope import Scope
from warehouse.semantic import load_model

MODEL = load_model()
PERMISSIONS = load_permissions()


class HiddenColumnError(Exception):
    """The question names a column that the role may not see."""


@dataclass(frozen=True)
class View:
    """Role and scope of whoever asks; `key` is the same for all who see the same."""

    role: str
    scope: Scope
    key: str

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics in sight, in the model's order."""
        return PERMISSIONS.metrics_of(self.role, MODEL)

    def columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that are in sight, in their order."""
        seen = PERMISSIONS.columns_of(self.role)
        return tuple(name for name in names if name in seen)

    def require(self, names: Iterable[str]) -> None:
        """Raise HiddenColumnError for a name out of sight, whatever part of a question it stands in."""
        seen = PERMISSIONS.columns_of(self.role)
        hidden = [name for name in dict.fromkeys(names) if name and name not in seen]
        if hidden:
            raise HiddenColumnError(f"a {self.role} may not see {', '.join(hidden)}")

    def narrowed(self, question: Question) -> Question:
        """The question about what is in sight only. Raises HiddenColumnError."""
        self.require((*question.metrics, *question.dimensions, *question.filters, question.order_by))
        return replace(question, scope=self.scope)


def view_of(caller: Caller) -> View:
    """What the caller may see."""
    return View(caller.role, caller.scope, caller.view)
