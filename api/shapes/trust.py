"""The JSON that goes out about operations: runs with their steps, freshness, lineage, quarantine, the audit's state, saved views."""

from typing_extensions import TypedDict

from api.shapes.bodies import Number
from api.shapes.operations import Run


class Step(TypedDict):
    """What one job of a run did; the last three are of a merge only."""

    run_seq: int
    name: str
    table_name: str
    rows_read: int
    rows_written: int
    rows_quarantined: int
    rows_inserted: int | None
    rows_updated: int | None
    rows_deleted: int | None
    seconds: Number


class RunDetail(Run):
    """A run with its steps."""

    steps: list[Step]


class RunState(TypedDict):
    """How a run went."""

    kind: str
    state: str
    started_at: str
    finished_at: str | None


class Freshness(TypedDict):
    """How old what serves is: it is late where nothing newer was loaded within the promised hours."""

    data_through: str | None
    loaded_at: str
    promised_hours: int
    due_at: str
    is_late: bool
    last_run: RunState | None


class LineageTable(TypedDict):
    """A table; its grain is empty where it is not ours or is a delivery."""

    name: str
    grain: str


LineageEdge = TypedDict("LineageEdge", {"from": str, "to": str})


class LineageGraph(TypedDict):
    """Tables from the source to the rollups; an edge leads from a table to one that is made of it."""

    tables: list[LineageTable]
    edges: list[LineageEdge]


class QuarantineRule(TypedDict):
    """A rule, and how many rows it put aside; a row may fail several."""

    expectation: str
    failed_rows: int


class QuarantinedTable(TypedDict):
    """What a run put aside of one table."""

    table_name: str
    rows_quarantined: int
    rows_read: int
    rules: list[QuarantineRule]


class Quarantined(TypedDict):
    """What a run put aside; the run is null where there has been none."""

    run_seq: int | None
    tables: list[QuarantinedTable]


class SetAsideRecord(TypedDict):
    """A record that is aside, with every reason; letters of its text are x and digits 0."""

    source: str
    table_name: str
    run_seq: int
    row_key: str
    reasons: list[str]
    record: str


class SetAsideRecords(TypedDict):
    """The first records that are aside."""

    records: list[SetAsideRecord]


class AuditVerdict(TypedDict):
    """What was looked at, and what is not as it was written; sound where that is nothing."""

    is_sound: bool
    entries: int
    segments: int
    anchors: int
    newest_seq: int
    anchored_seq: int
    faults: list[str]


class SavedView(TypedDict):
    """A page of the dashboard and the query of its address, under a name of one's own."""

    name: str
    page: str
    query: str
    saved_at: str


class SavedViewList(TypedDict):
    """In order of their names."""

    views: list[SavedView]
