r"""Patterns so plain that Python's own `re` runs them in linear time, with the meaning that RE2 gives them.

Most people write `loss=([0-9.]+)` or `val_acc: *(\S+)`: a text, perhaps white space, then a group that is one class of
characters, repeated. Such a pattern matches wherever its text is followed by such a character, and takes all that
follow: nothing is tried twice. `re` goes through a message in one call, while RE2's binding is called for each line, at
ten times the cost. Anything else, and whatever the two might read otherwise, is left to RE2.
"""

from __future__ import annotations

import re
from typing import Final

TEXT: Final = re.compile(r"(?:[\w \-=:/%,;<>\"'#@&!~]|\\[.\-/|()\[\]{}*+?^$:=])+", re.ASCII)
"""Characters that stand for themselves."""
SPACE: Final = re.compile(r"\\[st][*+?]?")
MEMBER: Final = r"(?:[A-Za-z]-[A-Za-z]|[0-9]-[0-9]|\\[dsw.+\-]|[\w.+,;%:/ ])"
GROUP: Final = re.compile(
    rf"\((?:(?P<short>\\[SDdw]|\.)|\[(?P<negated>\^?)(?P<members>-?{MEMBER}+-?)\])[+*]\)", re.ASCII
)

WHITE: Final = r"\t\f\r "
"""What RE2 takes for white space, without the end of the line; `re` counts \\v too."""
SHORT: Final = {r"\S": rf"[^{WHITE}\n]", r"\D": r"[^0-9\n]", ".": r"[^\n]"}


def plain(pattern: str) -> re.Pattern[bytes] | None:
    """Return what finds, in lines joined by newlines, the first match of each; None: the pattern is not plain.

    Each match goes on to the end of its line, so that the next one is in another. It must be a pattern that RE2 takes.
    """
    text = TEXT.match(pattern)
    if text is None:
        return None
    lead, at = text[0], text.end()
    if pattern[at : at + 1] in {"*", "+", "?"}:  # repeats the character before
        if lead[-1] != " " or lead[-2:-1] == "\\":
            return None
        at += 1
        between = lead[-1] + pattern[at - 1]
        lead = lead[:-1]
    elif space := SPACE.match(pattern, at):
        between, at = space[0].replace(r"\s", f"[{WHITE}]"), space.end()
    else:
        between = ""
    group = GROUP.fullmatch(pattern, at)
    if group is None or not lead.strip():
        return None
    return re.compile(f"{lead}{between}({_class(group)}{group[0][-2]})[^\\n]*".encode())


def _class(group: re.Match[str]) -> str:
    if short := group["short"]:
        return SHORT.get(short, short)
    members = group["members"].replace(r"\s", WHITE)
    return rf"[^{members}\n]" if group["negated"] else f"[{members}]"
