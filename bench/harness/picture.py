"""Pictures as SVG, written without anything that must be installed: bars beside each other, and curves."""

from html import escape

FONT = "font-family='system-ui, sans-serif' font-size='13'"
COLOURS = {"floor": "#8a8f98", "native": "#b4651b", "sekisho": "#2f6db5"}
WIDTH, LEFT, RIGHT = 860, 270, 120
ROW = 26


def run_of(result):
    machine = result["machine"]
    return f"Envoy {machine['envoy']}, {machine['cores']} cores, {machine['date']}"


def bars(title, subtitle, rows, goal=None):
    """`rows` are `(label, kind, value, low, high)`; `goal` is `(value, label)`, a line across all."""
    top, height = 64, 64 + ROW * len(rows) + 34
    longest = max([high for *_, high in rows] + [goal[0] if goal else 0, 1e-9])
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts = [head(title, subtitle, height)]
    for n, (label, kind, value, low, high) in enumerate(rows):
        y = top + n * ROW
        parts.append(f"<text x='{LEFT - 10}' y='{y + 15}' text-anchor='end'>{escape(label)}</text>")
        parts.append(f"<rect x='{LEFT}' y='{y + 3}' width='{max(value, 0) * scale:.1f}' height='16' fill='{COLOURS[kind]}'/>")
        # What the middle half of the rounds lie between.
        left, right = (LEFT + max(it, 0) * scale for it in (low, high))
        parts.append(f"<path d='M{left:.1f} {y + 11}H{right:.1f}' stroke='#222' stroke-width='1.5'/>")
        parts.append(f"<text x='{max(right, LEFT + max(value, 0) * scale) + 8:.1f}' y='{y + 15}'>{value:.1f}</text>")
    if goal:
        x = LEFT + goal[0] * scale
        parts.append(f"<path d='M{x:.1f} {top - 6}V{top + ROW * len(rows)}' stroke='#b3261e' stroke-dasharray='5 4'/>")
        parts.append(f"<text x='{x:.1f}' y='{top + ROW * len(rows) + 18}' text-anchor='middle' fill='#b3261e'>{escape(goal[1])}</text>")
    return "\n".join([*parts, "</svg>\n"])


def head(title, subtitle, height, width=WIDTH):
    return "\n".join([
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' {FONT}>",
        f"<rect width='{width}' height='{height}' fill='white'/>",
        f"<text x='16' y='26' font-size='16' font-weight='600'>{escape(title)}</text>",
        f"<text x='16' y='46' fill='#555'>{escape(subtitle)}</text>",
    ])


def curves(title, subtitle, panels):
    """Small diagrams beside each other. Each panel is `(title, unit, ticks, values)`, its points as far apart as they are in a list:
    what is measured grows by tens."""
    wide, high, across = 270, 190, 3
    rows = -(-len(panels) // across)
    width, height = 16 + across * wide, 62 + rows * high
    parts = [head(title, subtitle, height, width)]
    for n, panel in enumerate(panels):
        parts.append(curve(*panel, 16 + n % across * wide, 62 + n // across * high, wide - 24, high - 64))
    return "\n".join([*parts, "</svg>\n"])


def curve(title, unit, ticks, values, x, y, width, height):
    most = max([*values, 1e-9]) * 1.15
    at = lambda n: x + width * (n + 0.5) / len(values)
    up = lambda value: y + 24 + height * (1 - max(value, 0) / most)
    floor = y + 24 + height
    parts = [
        f"<text x='{x}' y='{y + 12}' font-weight='600'>{escape(title)}</text>",
        f"<path d='M{x} {floor}H{x + width}' stroke='#999'/>",
        f"<polyline fill='none' stroke='{COLOURS['sekisho']}' stroke-width='2' points='"
        + " ".join(f"{at(n):.1f},{up(value):.1f}" for n, value in enumerate(values)) + "'/>",
    ]
    for n, (tick, value) in enumerate(zip(ticks, values)):
        parts.append(f"<circle cx='{at(n):.1f}' cy='{up(value):.1f}' r='3' fill='{COLOURS['sekisho']}'/>")
        parts.append(f"<text x='{at(n):.1f}' y='{up(value) - 8:.1f}' text-anchor='middle' font-size='11'>{short(value)}</text>")
        parts.append(f"<text x='{at(n):.1f}' y='{floor + 15}' text-anchor='middle' font-size='11' fill='#555'>{escape(tick)}</text>")
    parts.append(f"<text x='{x}' y='{floor + 31}' font-size='11' fill='#555'>{escape(unit)}</text>")
    return "\n".join(parts)


def short(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
