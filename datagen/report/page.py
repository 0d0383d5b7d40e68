"""The shape report for people: one HTML page, whole in itself, with a chart for each shape."""

import html
from collections.abc import Iterable, Sequence

import numpy as np

from datagen.arrival import LATENESS_SHARES, LATEST_DAYS
from datagen.editions import FORMATS
from datagen.places import CHANNELS
from datagen.plan import ShopPlan
from datagen.report.checks import Check, week_index
from datagen.report.profile import Profile
from datagen.season import WEEKDAYS
from datagen.works import SIZE_BOUNDS

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2933}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid #d9e2ec;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.missed{color:#9a3412;font-weight:600}"
    "figure{display:inline-block;margin:.5rem 1rem .5rem 0}figcaption{font-weight:600}svg{background:#f5f7fa}"
)
WIDTH, HEIGHT, LABEL_SPACE = 420, 150, 18
CAME_OUT, ASKED = "#2b6cb0", "#9a3412"


def page_of(plan: ShopPlan, profile: Profile, checks: list[Check]) -> str:
    """The page. Bars are what came out, marks across them what was asked."""
    missed = sum(not check.is_met for check in checks)
    verdict = f"{missed} of {len(checks)} checks are missed" if missed else f"all {len(checks)} checks are met"
    rows = "".join(
        f"<tr{' class=missed' if not check.is_met else ''}><td>{html.escape(check.name)}</td><td class=n>{number(check.least)}</td>"
        f"<td class=n>{number(check.most)}</td><td class=n>{number(check.found)}</td><td>{verdict_of(check)}</td></tr>"
        for check in checks
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Shape of a generated shop</title><style>{STYLE}</style>"
        "<h1>Shape of a generated shop</h1>"
        f"<p>{plan.sales:,} sales, {plan.first_day} to {plan.until}, seed {plan.seed}: {verdict}.</p>"
        f"<table><tr><th>Shape<th>At least<th>At most<th>Came out<th></tr>{rows}</table>{''.join(_charts(plan, profile))}</html>\n"
    )


def number(value: float) -> str:
    """A count in whole, a share with three decimals."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3f}"


def verdict_of(check: Check) -> str:
    if not check.is_judged:
        return "too few to judge"
    return "met" if check.is_met else "missed"


def _charts(plan: ShopPlan, profile: Profile) -> list[str]:
    weekdays = profile.lines_by_weekday / np.maximum(profile.lines_by_weekday.sum(axis=1, keepdims=True), 1)
    late = np.cumsum(profile.lines_by_days_late) / max(profile.lines_by_days_late.sum(), 1)
    returned = profile.returned.sum(axis=0) / np.maximum(profile.sold.sum(axis=0), 1)
    sizes = np.histogram(profile.units_by_work[profile.units_by_work > 0], SIZE_BOUNDS)[0]
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    weekday_charts = [
        _chart(f"Lines by weekday: {channel}", days, shares, asked)
        for channel, shares, asked in zip(CHANNELS, weekdays, WEEKDAYS, strict=True)
    ]
    return [
        _chart("Units by ISO week, the median week is 1", range(1, 54), week_index(plan, profile)),
        _chart("Units by week after publication", range(1, 53), profile.units_by_launch_week / max(profile.units, 1)),
        _chart("Titles by units sold, from", SIZE_BOUNDS[:-1], sizes / max(sizes.sum(), 1)),
        _chart("Units by format", FORMATS, profile.sold.sum(axis=0) / max(profile.units, 1)),
        _chart("Units by channel", CHANNELS, profile.sold.sum(axis=1) / max(profile.units, 1)),
        _chart("Units returned by format", FORMATS, returned),
        _chart(
            "Lines arrived within days", LATEST_DAYS.tolist(), late[LATEST_DAYS], np.cumsum(LATENESS_SHARES).tolist()
        ),
        *weekday_charts,
    ]


def _chart(title: str, labels: Sequence[object], values: Iterable[float], asked: Sequence[float] = ()) -> str:
    """Bars with their labels, and a line across each where something was asked."""
    values = list(values)
    top = max([*values, *asked, 1e-9])
    step = WIDTH / len(labels)
    every = max(len(labels) // 12, 1)
    parts = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        tall = float(value) / top * (HEIGHT - 10)
        left, width = place * step + step * 0.1, step * 0.8
        parts.append(
            f"<rect x={left:.1f} y={HEIGHT - tall:.1f} width={width:.1f} height={tall:.1f} fill='{CAME_OUT}'>"
            f"<title>{html.escape(str(label))}: {value:.4g}</title></rect>"
        )
        if place < len(asked):
            level = HEIGHT - asked[place] / top * (HEIGHT - 10)
            parts.append(f"<path d='M{left:.1f} {level:.1f}h{width:.1f}' stroke='{ASKED}' stroke-width=3 />")
        if place % every == 0:
            middle = left + width / 2
            parts.append(
                f"<text x={middle:.1f} y={HEIGHT + 13} font-size=10 text-anchor=middle>{html.escape(str(label))}</text>"
            )
    return (
        f"<figure><figcaption>{html.escape(title)}</figcaption><svg viewBox='0 0 {WIDTH} {HEIGHT + LABEL_SPACE}' width={WIDTH} "
        f"role=img aria-label='{html.escape(title)}'>{''.join(parts)}</svg></figure>"
    )
