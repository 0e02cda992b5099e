"""Small pictures of features: one cell each, the same bytes every time."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.feature_gallery import as_small_png, feature_gallery

DATES = pd.bdate_range("2020-10-01", periods=120, name="date")
PRICE = pd.Series(50 + np.sin(np.arange(120) / 9), DATES)
VALUES = pd.DataFrame(
    {
        "calm": np.linspace(-1.0, 3.0, 120),
        "restless": np.tile([-1.0, 1.0], 60),
        "still": 0.81,
        "late": np.where(np.arange(120) < 60, np.nan, np.arange(120.0)),
        "absent": np.nan,
        "tiny": np.linspace(1e-8, 4e-8, 120),
    },
    index=DATES,
)


def words_of(axes):
    return [text.get_text() for text in axes.texts]


def test_each_feature_has_a_cell_with_its_name_and_its_range():
    cells = feature_gallery(VALUES, PRICE).axes
    said = {words_of(cell)[0]: words_of(cell)[1] for cell in cells}
    assert said == {
        "calm": "−1.0 … 3.0",
        "restless": "−1.0 … 1.0",
        "still": "0.81 … 0.81",
        "late": "60 … 119",
        "absent": "n/a",
        "tiny": "1.0e−08 … 4.0e−08",
    }


def test_a_line_holds_the_values_and_ends_in_a_dot():
    calm, restless, *_ = feature_gallery(VALUES, PRICE).axes
    zero, line, dot = calm.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), VALUES["calm"])
    assert zero.get_ydata() == [0, 0]
    assert list(dot.get_ydata()) == [3.0]
    assert restless.get_lines()[1].get_linewidth() < line.get_linewidth()


@pytest.mark.parametrize(
    ("blocks", "lefts"),
    [(None, [0, 1, 2, 3, 0, 1]), ([["calm"], ["late", "tiny"]], [0, 0, 1])],
)
def test_cells_fill_rows_and_a_block_begins_one(blocks, lefts):
    cells = feature_gallery(VALUES, PRICE, blocks=blocks, columns=4).axes
    places = [cell.get_position() for cell in cells]
    step = (places[-1].x0 - places[0].x0) / lefts[-1]
    assert [round((place.x0 - places[0].x0) / step) for place in places] == lefts
    tops = [place.y0 for place in places]
    assert tops == sorted(tops, reverse=True)


def test_years_stand_below_the_lowest_cell_of_each_column():
    cells = feature_gallery(VALUES, PRICE, columns=4).axes
    with_years = [words_of(cell)[0] for cell in cells if "2021" in words_of(cell)]
    assert with_years == ["still", "late", "absent", "tiny"]


def test_the_same_values_give_the_same_bytes():
    first, second = (as_small_png(feature_gallery(VALUES, PRICE)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
