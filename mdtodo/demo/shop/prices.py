"""Prices in cents."""


def rounded(cents: float) -> int:
    """To the nearest five cents, as the shop has no smaller coin.

    >>> rounded(12)
    10
    """
    return int(5 * round(cents / 5))


def discounted(cents: int, percent: int) -> int:
    """What is left after a discount, rounded."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a discount of {percent} % makes no sense")
    return rounded(cents * (100 - percent) / 100)
