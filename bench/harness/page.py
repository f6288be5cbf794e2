"""A page whose figures stand between markers, `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`: what is written by hand stays."""

import re


class NoMarker(Exception):
    pass


def replaced(text, figures):
    """The text with the figures of each name between its markers, and everything else as it was."""
    for name, told in figures.items():
        pattern = re.compile(rf"(<!-- bench:{re.escape(name)} -->)(.*?)(<!-- /bench:{re.escape(name)} -->)", re.S)
        text, count = pattern.subn(lambda found: f"{found[1]}\n{told.strip()}\n{found[3]}", text)
        if count != 1:
            raise NoMarker(f"{count} places for the figures `{name}`, where there must be one")
    return text
