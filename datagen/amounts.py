"""Quantities, prices, discounts and taxes of sale lines, in cents."""

from dataclasses import dataclass

import numpy as np

from datagen.anomalies import wrong_prices
from datagen.arrays import DAY, Ints
from datagen.editions import AUDIOBOOK, EBOOK
from datagen.orders import Basket, Counter, Orders
from datagen.places import EDUCATION, WHOLESALE

# One copy, two or three of a person; the others order by the pile.
PERSON_QUANTITY_SHARES = (0.88, 0.09, 0.03)
MEAN_QUANTITY = {WHOLESALE: 8, EDUCATION: 6}
WHOLESALE_PRICE_PERCENT = 62
EDUCATION_DISCOUNT_PERCENT = 10

# Tax in hundredths of a percent by country, in the order of places.COUNTRIES: print, e-book, audiobook.
TAX_RATES = np.array(((600, 600, 600), (0, 0, 2000), (500, 500, 500), (700, 700, 1900)))


@dataclass(frozen=True)
class Amounts:
    """Per line, in the currency of the store's country; discount and tax are for the whole line."""

    quantity: Ints
    unit_price: Ints
    discount: Ints
    tax: Ints


def make_amounts(random: np.random.Generator, orders: Orders, basket: Basket, counter: Counter) -> Amounts:
    books, promotions = counter.books, counter.promotions
    channel, country = orders.channel[basket.order], orders.country[basket.order]
    quantity = _quantities(random, channel)
    price = books.prices[basket.book, country]  # currencies and countries have the same order
    price = wrong_prices(counter.anomalies, basket.book, orders.sold_at[basket.order] // DAY, price)
    promotion = orders.promotion[basket.order]
    percent = np.where(promotion >= 0, promotions.percent[promotion], 0)
    return line_amounts(channel, country, books.format[basket.book], price, quantity, percent)


def line_amounts(channel: Ints, country: Ints, format_: Ints, price: Ints, quantity: Ints, percent: Ints) -> Amounts:
    """Amounts of lines with these prices; `percent` is a promotion's discount, 0 where no promotion applies."""
    unit_price = np.where(channel == WHOLESALE, rounded(price * WHOLESALE_PRICE_PERCENT, 100), price)
    gross = quantity * unit_price
    usual = np.where(channel == EDUCATION, EDUCATION_DISCOUNT_PERCENT, 0)
    discount = rounded(gross * np.where(percent > 0, percent, usual), 100)
    rate = TAX_RATES[country, _tax_kind(format_)]
    is_taxed = (channel != WHOLESALE) & (channel != EDUCATION)
    tax = rounded((gross - discount) * np.where(is_taxed, rate, 0), 10_000)
    return Amounts(quantity, unit_price, discount, tax)


def part_of(amount: Ints, quantity: Ints, of_quantity: Ints) -> Ints:
    """The part of a line's amount that belongs to some of its copies."""
    return rounded(amount * quantity, of_quantity)


def rounded(numerator: Ints, denominator: Ints | int) -> Ints:
    """Division of amounts that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _quantities(random: np.random.Generator, channel: Ints) -> Ints:
    quantity = random.choice(len(PERSON_QUANTITY_SHARES), len(channel), p=PERSON_QUANTITY_SHARES) + 1
    for by_the_pile, mean in MEAN_QUANTITY.items():
        lines = np.flatnonzero(channel == by_the_pile)
        quantity[lines] = random.geometric(1 / mean, len(lines))
    return quantity


def _tax_kind(format_: Ints) -> Ints:
    return np.where(format_ == AUDIOBOOK, 2, np.where(format_ == EBOOK, 1, 0))
