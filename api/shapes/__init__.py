"""The JSON that goes out, as types: what handlers return, OpenAPI describes and the client hands on.

Money is a JSON number with two decimals, in `meta.currency`; ratios are plain numbers (0.25 is 25 %); a ratio without a
denominator is null. Dates are business dates, `YYYY-MM-DD`.
"""
