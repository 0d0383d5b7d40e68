"""What a spreadsheet makes of text in the files that people open with one."""

# What it takes for the beginning of a formula, wide forms included.
FORMULA_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")
