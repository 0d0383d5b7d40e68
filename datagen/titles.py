"""Titles of books, series and publishing houses, put together from short lists of words."""

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADJECTIVES = _words(
    "Amber Ancient Bitter Blue Borrowed Bright Broken Burning Careful Clever Crooked Crimson Distant Early Empty "
    "Endless Faithful Fallen Final First Forgotten Frozen Gentle Gilded Golden Green Hidden Hollow Honest Hungry "
    "Invisible Last Little Lonely Long Lost Midnight Narrow New Open Ordinary Other Painted Paper Patient Perfect "
    "Quiet Red Restless Salted Scarlet Second Secret Shattered Silent Silver Simple Sleeping Slow Small Stolen "
    "Strange Sunken Sweet Tender Thousandth Unwritten Useful Violet Wandering White Wild Winter Wooden Young"
)
NOUNS = _words(
    "Apple Archive Atlas Autumn Baker Bell Bird Boat Bread Bridge Brother Candle Carpenter Castle City Clock "
    "Coast Compass Country Crow Daughter Desert Door Dream Echo Empire Engine Falcon Father Feather Field Fire "
    "Fish Forest Fox Garden Ghost Glass Harbour Harvest Heart Hill Horse House Island Journey Kitchen Ladder Lake "
    "Lantern Letter Library Light Lighthouse Machine Map Market Meadow Mirror Moon Morning Mother Mountain Music "
    "Night Ocean Orchard Paper Piano Planet Promise Question Rain Recipe River Road Room Sailor School Sea Season "
    "Shadow Sister Sky Snow Song Star Stone Storm Story Stranger Summer Table Teacher Tide Tower Town Train Tree "
    "Valley Village Violin Voice Wall Water Whale Wheel Window Winter Wolf Word World Year"
)
PATTERNS = (
    "The {adjective} {noun}",
    "{adjective} {noun}",
    "The {noun} and the {other}",
    "A {noun} for the {other}",
    "The {noun} of the {adjective} {other}",
    "Beyond the {adjective} {noun}",
    "When the {noun} Met the {other}",
    "{noun}, {other}",
)
SERIES_PATTERNS = ("The {adjective} {noun} Books", "Tales of the {noun}", "The {noun} Chronicles", "{adjective} {noun}")
HOUSE_PATTERNS = ("{adjective} {noun} Press", "{noun} House", "{noun} & {other}", "{adjective} {noun} Books")


def make_titles(random: np.random.Generator, count: int) -> list[str]:
    """Titles of works; two works may share one, as in any bookshop."""
    return _filled(random, PATTERNS, count)


def make_series_names(random: np.random.Generator, count: int) -> list[str]:
    return _filled(random, SERIES_PATTERNS, count)


def make_house_names(random: np.random.Generator, count: int) -> list[str]:
    """Names of publishers and imprints, each used once."""
    names = _filled(random, HOUSE_PATTERNS, count)
    repeated = {name for name in names if names.count(name) > 1}
    return [f"{name} {n + 1}" if name in repeated else name for n, name in enumerate(names)]


def _filled(random: np.random.Generator, patterns: tuple[str, ...], count: int) -> list[str]:
    noun = random.integers(0, len(NOUNS), count)
    other = (noun + random.integers(1, len(NOUNS), count)) % len(NOUNS)
    adjective = random.integers(0, len(ADJECTIVES), count)
    chosen = zip(random.choice(patterns, count).tolist(), *(n.tolist() for n in (adjective, noun, other)), strict=True)
    return [
        pattern.format(adjective=ADJECTIVES[first], noun=NOUNS[second], other=NOUNS[third])
        for pattern, first, second, third in chosen
    ]
