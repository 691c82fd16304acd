"""The nearest rows are those of a search by hand."""

import numpy as np
import pytest

from likeness.search import nearest, nearest_by


@pytest.mark.parametrize("block_rows", [1, 7, 4096])
def test_the_nearest_rows_are_those_of_all_distances(block_rows: int) -> None:
    draw = np.random.default_rng(0)
    probes, gallery = (draw.standard_normal((rows, 6)).astype(np.float32) for rows in (9, 40))
    gallery[20] = gallery[3]
    probes[0] = gallery[3]
    all_of_them = np.square(probes[:, None].astype(np.float64) - gallery[None]).sum(-1)
    expected = np.argsort(all_of_them, axis=1, kind="stable")[:, :5]
    found = nearest(probes, gallery, 5, block_rows=block_rows)
    assert np.array_equal(found.row, expected)
    assert np.allclose(found.distance, np.take_along_axis(all_of_them, expected, 1), rtol=1e-12)
    assert found.row[0, :2].tolist() == [3, 20]
    by = nearest_by(lambda probe, rows: all_of_them[np.ix_(probe, rows)], 9, 40, 5)
    assert np.array_equal(by.row, expected)
    assert nearest(probes, gallery[:2], 5).row.shape == (9, 2)
