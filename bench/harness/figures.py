"""Statistics of rounds. All of them are medians and quartiles, because neighbours on a machine make means meaningless.

A variant's rounds are kept by the start of its Envoy: `[[round, round, …], [round, …]]`. Differences are taken within a round, where
what slowed the machine down slowed both."""

import statistics


def quartile(values, n):
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=4, method="inclusive")[n - 1]


def median(values):
    return quartile(values, 2)


def flat(starts):
    return [value for rounds in starts for value in rounds]


def added(starts, base):
    """What each round cost more than the same round of the other variant, by start."""
    return [[cost - floor for cost, floor in zip(rounds, floors)] for rounds, floors in zip(starts, base)]


class Spread:
    """A figure, with the least and the most that it may be."""

    def __init__(self, value, low, high):
        self.value, self.low, self.high = value, low, high

    def __eq__(self, other):
        return (self.value, self.low, self.high) == (other.value, other.low, other.high)

    def __repr__(self):
        return f"Spread({self.value}, {self.low}, {self.high})"


def quartiles(values):
    """The median of single values, and their quartiles."""
    return Spread(median(values), quartile(values, 1), quartile(values, 3))


def of_starts(starts):
    """The median of all rounds; the lowest and the highest median of a start."""
    medians = [median(rounds) for rounds in starts if rounds]
    return Spread(median(flat(starts)), min(medians), max(medians))


def ratio(starts, of):
    """Median over median; the spread is that of the starts. `None` where the divisor is nothing that one could divide by."""
    if median(flat(of)) <= 0:
        return None
    each = [median(a) / median(b) for a, b in zip(starts, of) if a and b and median(b) > 0]
    return Spread(median(flat(starts)) / median(flat(of)), min(each), max(each)) if each else None
