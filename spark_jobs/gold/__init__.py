"""Gold: the star. Dimensions keep their surrogate keys over runs; facts are rebuilt."""
