import math

from hypothesis import given
from hypothesis import strategies as st

from tunewright_gateway.core.leading import Leading, rank_of

VALUES = st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_infinity=True), st.text("ab", max_size=2))


def paged(values: list[object], size: int, *, descending: bool) -> list[list[str]]:
    """Return the names of what was found, page by page."""
    pages, behind = [], None
    while True:
        leading = Leading(size, descending, behind)
        for number, value in enumerate(values):
            name = f"{number:03}"
            leading.offer(rank_of(value, name, descending=descending), name)
        assert leading.hits == len(values)
        shown, behind = leading.page()
        pages.append(shown)
        if behind is None:
            return pages


def ordered(values: list[object], *, descending: bool) -> list[str]:
    """Sort in the plainest way: kind by kind."""
    rows = [(f"{number:03}", value) for number, value in enumerate(values)]
    numbers = [(value, name) for name, value in rows if isinstance(value, (int, float)) and not math.isnan(value)]
    texts = [(value, name) for name, value in rows if isinstance(value, str)]
    present = {name for _, name in [*numbers, *texts]}
    absent = [name for name, _ in rows if name not in present]
    kinds = [[name for _, name in sorted(kind, reverse=descending)] for kind in (numbers, texts)]
    return [*(kinds[1] + kinds[0] if descending else kinds[0] + kinds[1]), *sorted(absent, reverse=descending)]


@given(st.lists(VALUES, max_size=40), st.integers(1, 9), st.booleans())
def test_pages_hold_everything_once_in_order(values: list[object], size: int, descending: bool) -> None:
    pages = paged(values, size, descending=descending)
    assert [name for page in pages for name in page] == ordered(values, descending=descending)
    assert all(len(page) == size for page in pages[:-1])
    assert pages[-1] or not values


def test_what_appears_before_a_place_hides_and_repeats_nothing_behind_it() -> None:
    leading = Leading(2)
    for name in "bdfh":
        leading.offer(rank_of(name, name, descending=False), name)
    shown, behind = leading.page()
    later = Leading(2, after=behind)
    for name in "abcdefh":
        later.offer(rank_of(name, name, descending=False), name)
    assert (shown, later.page()[0]) == (["b", "d"], ["e", "f"])
