"""A table, for a terminal and for a page."""


class Table:
    def __init__(self, *heads, title=""):
        self.title, self.heads, self.rows = title, heads, []

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells] + [""] * (len(self.heads) - len(cells)))

    def text(self):
        """The first column to the left, the others to the right."""
        lines = [self.heads, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.heads))]
        told = lambda line: "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        rule = "  ".join("─" * width for width in widths)
        title = [self.title, ""] if self.title else []
        return "\n".join([*title, told(self.heads), rule, *map(told, self.rows)])

    def markdown(self):
        told = lambda line: "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        return "\n".join([told(self.heads), told(["---"] + ["---:"] * (len(self.heads) - 1)), *map(told, self.rows)])


def number(value, digits=1):
    """With a minus sign that is one, and thousands apart."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def spread(figure, digits=1):
    """A figure and what it lies between."""
    if figure is None:
        return "–"
    return f"{number(figure.value, digits)} ({number(figure.low, digits)} to {number(figure.high, digits)})"
