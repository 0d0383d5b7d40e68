"""The month in docs/cost.md is what its prices, sizes and formulas make; its sizes are those that Terraform's files name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COST = (ROOT / "docs" / "cost.md").read_text()
PRODUCTION = (ROOT / "terraform/environments/prod/terraform.tfvars").read_text()
DEVELOPMENT = (ROOT / "terraform/environments/dev/terraform.tfvars").read_text()
SIZES = ("1M", "10M", "100M")
HOURS = 730
DAYS, WEEKS = 30, 4


def table(title: str) -> dict[str, list[str]]:
    """The rows below a heading: first cell to the others."""
    section = re.search(rf"^## {title}$\n(.*?)(?=^## |\Z)", COST, re.MULTILINE | re.DOTALL)
    assert section
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section[1].splitlines()
        if line.startswith("| ")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in rows[1:]}


def numbers(title: str) -> dict[str, list[float]]:
    return {
        name: [float(cell.replace(",", "")) for cell in cells[: len(SIZES)]] for name, cells in table(title).items()
    }


PRICES = {name: float(cells[0]) for name, cells in table("Prices assumed").items()}
GIVEN = numbers("Sizes assumed")


def month(place: int) -> dict[str, float]:
    """US dollars a month of each part, by the formulas of the document."""
    size = {name: values[place] for name, values in GIVEN.items()}
    dpu_hours = DAYS * (size["dpu"] * size["sync_minutes"] + 2 * size["smoke_minutes"]) / 60
    weekly = size["dpu"] * (size["sweep_minutes"] + size["maintain_minutes"]) + 2 * 2 * size["smoke_minutes"]
    dpu_hours += WEEKS * weekly / 60
    return {
        "jobs": dpu_hours * PRICES["dpu_hour"],
        "warehouse": size["rpu"] * size["awake_hours"] * PRICES["rpu_hour"]
        + size["warehouse_gb"] * PRICES["rms_gb_month"],
        "lake": size["lake_gb"] * PRICES["s3_gb_month"],
        "control": size["servers"] * (HOURS * size["server_hour"] + size["control_gb"] * PRICES["rds_gb_month"]),
        "serving": size["tasks"]
        * HOURS
        * (size["vcpu"] * PRICES["vcpu_hour"] + size["memory_gb"] * PRICES["memory_gb_hour"])
        + HOURS * PRICES["balancer_hour"],
        "network": size["endpoints"] * 3 * HOURS * PRICES["endpoint_hour"],
        "keys, secrets, alarms": 3 * PRICES["key_month"]
        + 4 * PRICES["secret_month"]
        + size["alarms"] * PRICES["alarm_month"],
        "logs": size["logs_gb"] * PRICES["log_gb"],
    }


@pytest.mark.parametrize(("place", "size"), list(enumerate(SIZES)), ids=SIZES)
def test_the_month_is_what_prices_sizes_and_formulas_make(place: int, size: str) -> None:
    written = {name: values[place] for name, values in numbers("A month, in US dollars").items()}
    parts = month(place)

    assert set(written) == {*parts, "sum"}
    assert {name: round(value) for name, value in parts.items()} == {name: written[name] for name in parts}
    assert round(sum(parts.values())) == written["sum"]


def test_sizes_are_those_of_terraform() -> None:
    endpoints = re.search(
        r"interface_services = toset\(\[(.*?)\]\)",
        (ROOT / "terraform/modules/network/endpoints.tf").read_text(),
        re.DOTALL,
    )
    assert endpoints
    assert GIVEN["endpoints"] == [len(re.findall(r'"', endpoints[1])) / 2] * 3
    # The environment dev is of the smallest size, prod of the middle one. A worker G.1X is one DPU, a G.2X two.
    for place, text in enumerate((DEVELOPMENT, PRODUCTION)):
        kind, most = re.search(r'worker += \{ type = "G\.(\d)X", most = (\d+),', text).groups()  # type: ignore[union-attr]
        assert int(kind) * int(most) == GIVEN["dpu"][place]
        hours = re.search(r"warehouse_capacity = \{ .*hours = (\d+) \}", text)
        assert hours
        assert int(hours[1]) >= GIVEN["rpu"][place] * GIVEN["awake_hours"][place]
    assert f"base = {GIVEN['rpu'][1]:.0f}," in PRODUCTION
    assert (
        f"cpu = {GIVEN['vcpu'][1] * 1024:.0f}, memory_mb = {GIVEN['memory_gb'][1] * 1024:.0f}, least = {GIVEN['tasks'][1]:.0f},"
        in PRODUCTION
    )
    assert f"first_gb = {GIVEN['control_gb'][1]:.0f}," in PRODUCTION


def test_every_price_and_size_says_where_it_is_from() -> None:
    sources = {cells[1].split(":")[0].split(";")[0] for cells in table("Prices assumed").values()}
    sources |= {cells[3].split(":")[0].split(";")[0] for cells in table("Sizes assumed").values()}

    assert sources <= {"list price", "estimate", "chosen", "measured"}
