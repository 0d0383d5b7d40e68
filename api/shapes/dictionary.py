"""What may be asked: metrics and dimensions."""

from typing_extensions import TypedDict


class MetricEntry(TypedDict):
    """A metric: unit is copies, money, ratio or count; `adds_up` says whether parts add up to the whole."""

    name: str
    label: str
    unit: str
    meaning: str
    adds_up: bool


class DimensionEntry(TypedDict):
    """What numbers are filtered by, and cut by where `can_group`."""

    name: str
    label: str
    can_group: bool


class Dictionary(TypedDict):
    """What can be asked for."""

    metrics: list[MetricEntry]
    dimensions: list[DimensionEntry]
