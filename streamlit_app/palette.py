"""Colours of data. Okabe and Ito's, told apart by readers with any colour vision; words, dashes and marks stand beside them.

The first ones are marks: Streamlit puts the colour in their place that the theme in force, light or dark, has for them.
"""

# Places in `chartCategoricalColors` of the theme: blue, orange, green, purple, sky, vermilion.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = (f"#00000{number}" for number in range(1, 7))
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
TEXT = "#000037"

# The better and the worse: a pair that every reader tells apart.
GAIN, LOSS = BLUE, VERMILION

# On light and on dark ground.
QUIET = "rgba(128, 124, 114, 0.5)"
BEFORE = "rgba(128, 124, 114, 0.95)"
GRID = "rgba(128, 124, 114, 0.18)"
BAND = "rgba(128, 124, 114, 0.22)"
FAINT = "26"

# From nothing to most, readable on both grounds: one hue, growing stronger.
HEAT = [[0, "rgba(0, 114, 178, 0.06)"], [0.5, "rgba(0, 114, 178, 0.5)"], [1, "rgba(0, 114, 178, 1)"]]
