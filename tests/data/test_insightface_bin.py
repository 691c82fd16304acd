import io
import pickle

import numpy as np
import pytest
from sample_images import encoded, pixels
from sklearn.model_selection import KFold

from likeness.data.insightface import insightface_bin
from likeness.errors import UnreadableImage

IMAGES = [encoded("PNG", (16, 16), seed) for seed in range(40)]
SAME = [i % 2 == 0 for i in range(20)]


class Python2(pickle._Pickler):
    """Writes bytes as Python 2 wrote its str: opcodes T and U, protocol 2."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_str(self, value):
        if len(value) < 256:
            self.write(b"U" + bytes([len(value)]) + value)
        else:
            self.write(b"T" + len(value).to_bytes(4, "little") + value)
        self.memoize(value)

    dispatch[bytes] = save_str


def python2(content):
    stream = io.BytesIO()
    Python2(stream, protocol=2).dump(content)
    return stream.getvalue()


def read(tmp_path, content):
    path = tmp_path / "lfw.bin"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    return insightface_bin(path=str(path), spatial_size=16, channels=3)


@pytest.mark.parametrize("write", [python2, lambda c: pickle.dumps(c, 3), lambda c: pickle.dumps(c, 5)])
@pytest.mark.parametrize("container", [tuple, list])
def test_images_and_pairs_in_order(tmp_path, write, container):
    splits = read(tmp_path, write(container([IMAGES, SAME])))
    assert (splits.train, splits.validation) == (None, None)
    assert splits.pairs.same.tolist() == SAME
    for i in range(20):
        first, second = splits.test.load([int(splits.pairs.first[i]), int(splits.pairs.second[i])])
        assert (first.permute(1, 2, 0).numpy() == pixels((16, 16), 2 * i)).all()
        assert (second.permute(1, 2, 0).numpy() == pixels((16, 16), 2 * i + 1)).all()
    assert splits.test.name(3) == "lfw.bin#3"
    assert splits.test.fingerprint()["pictures"] == 40


@pytest.mark.parametrize("pairs", [20, 17, 10])
def test_folds_are_contiguous_as_insightface_has_them(tmp_path, pairs):
    splits = read(tmp_path, (IMAGES[: 2 * pairs], SAME[:pairs]))
    for number, (_, members) in enumerate(KFold(10).split(np.zeros(pairs))):
        assert np.flatnonzero(splits.pairs.fold == number).tolist() == members.tolist()


def test_numbers_serve_as_bools(tmp_path):
    assert read(tmp_path, (IMAGES, [int(same) for same in SAME])).pairs.same.tolist() == SAME


def test_an_image_in_several_pairs_is_one_and_pairs_tell_who_is_who(tmp_path):
    a, b, c, d, *rest = IMAGES[:24]
    images = [a, b, c, d, b, c, a, rest[0], *rest[1:17]]
    splits = read(tmp_path, (images, [True, False, True, False] + [False] * 8))
    assert len(splits.test) == 4 + 17
    assert splits.pairs.first[:4].tolist() == [0, 2, 1, 0]
    identity = splits.test.identity
    assert identity[0] == identity[1] == identity[2]
    assert np.unique(identity).tolist() == list(range(19))


class Harm:
    def __reduce__(self):
        return print, ("harm",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps((IMAGES, [*SAME[:-1], Harm()])), "global builtins.print"),
        (pickle.dumps(Harm(), 0), "global __builtin__.print"),
        (pickle.dumps((IMAGES, SAME), 2), "global _codecs.encode"),
        (pickle.dumps(([np.frombuffer(p, np.uint8) for p in IMAGES], SAME)), "global numpy"),
        (pickle.dumps((IMAGES, np.array(SAME))), "global numpy"),
    ],
)
def test_globals_are_refused_and_nothing_runs(tmp_path, capsys, content, words):
    with pytest.raises(ValueError, match=words) as caught:
        read(tmp_path, content)
    assert "protocol 3" in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [
        (IMAGES, SAME[:-1]),
        (IMAGES[:-2], SAME),
        (IMAGES[:18], SAME[:9]),
        ([*IMAGES[:-1], "text"], SAME),
        (IMAGES, [*SAME[:-1], 2]),
        {"pictures": IMAGES},
        (IMAGES, SAME, None),
        7,
    ],
)
def test_what_is_no_verification_set_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match="is not a verification set"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps((IMAGES, SAME))[:500], b"\x80\x05K\x01R."])
def test_a_damaged_file_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match="is not a pickle that can be read"):
        read(tmp_path, content)


def test_a_missing_file_is_refused_and_a_broken_image_named(tmp_path):
    with pytest.raises(ValueError, match=r"no file .*/none\.bin: set .path"):
        insightface_bin(path=str(tmp_path / "none.bin"), spatial_size=16, channels=3)
    splits = read(tmp_path, ([b"no image", *IMAGES[1:]], SAME))
    with pytest.raises(UnreadableImage, match=r"lfw\.bin#0"):
        splits.test.load([0])
