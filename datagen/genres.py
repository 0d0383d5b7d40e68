"""Genres and subgenres: labels of our own with codes in the shape of BISAC subject codes."""

import numpy as np
import pyarrow as pa

from datagen.arrays import Ints
from datagen.columns import life, optional, row_ids
from datagen.places import opening_of
from datagen.plan import ShopPlan

# Code letters, name, share of titles in percent (units: adult nonfiction 45, fiction 21, juvenile 30), subgenres.
GENRES = (
    ("FIC", "General Fiction", 9, ("Literary", "Historical", "Family Sagas", "Short Stories")),
    ("MYS", "Mystery & Crime", 5, ("Detectives", "Thrillers", "Cosy Mysteries", "True to Life")),
    ("ROM", "Romance", 4, ("Contemporary Love", "Period Love", "Romantic Comedy", "Second Chances")),
    ("SFF", "Science Fiction & Fantasy", 3, ("Space", "Epic Fantasy", "Urban Fantasy", "Near Future")),
    ("BIO", "Lives", 9, ("Memoirs", "Artists & Musicians", "Politicians", "Adventurers")),
    ("HIS", "History", 8, ("Ancient World", "Modern Europe", "Americas", "Wars")),
    ("BUS", "Business & Money", 8, ("Management", "Personal Finance", "Marketing", "Economics")),
    ("COK", "Food & Home", 7, ("Everyday Cooking", "Baking", "Gardens", "Crafts")),
    ("SCN", "Science & Health", 6, ("Nature", "Mind", "Technology", "Wellbeing")),
    ("JUV", "Children's Stories", 23, ("Picture Books", "First Readers", "Adventures", "Animals")),
    ("JNF", "Children's Knowledge", 7, ("Science for Children", "People & Places", "Activities", "Animals & Nature")),
    ("EDU", "Textbooks", 7, ("Mathematics", "Languages", "Natural Sciences", "Social Studies")),
)
SUBGENRES = 4

FICTION, NONFICTION, CHILDREN, TEXTBOOK = range(4)
# The kind of book behind each genre, in the order of GENRES; it decides formats, prices and seasons.
KIND_OF_GENRE = np.array([FICTION] * 4 + [NONFICTION] * 5 + [CHILDREN] * 2 + [TEXTBOOK])
TITLE_SHARES = tuple(share for _, _, share, _ in GENRES)


def subgenre_id(genre: Ints, subgenre: Ints) -> Ints:
    """The id of a subgenre: subgenres follow behind all genres."""
    return len(GENRES) + genre * SUBGENRES + subgenre + 1


def genres_table(plan: ShopPlan) -> pa.Table:
    codes = [f"{letters}000000" for letters, *_ in GENRES]
    names = [name for _, name, _, _ in GENRES]
    for letters, genre, _, subgenres in GENRES:
        codes += [f"{letters}{(n + 1) * 10:03d}000" for n in range(SUBGENRES)]
        names += [f"{genre} / {subgenre}" for subgenre in subgenres]
    position = np.arange(len(codes)) - len(GENRES)
    return pa.table(
        {
            "id": row_ids(len(codes)),
            "code": codes,
            "name": names,
            "parent_id": optional(position // SUBGENRES + 1, missing=position < 0),
            **life(np.full(len(codes), opening_of(plan))),
        }
    )
