import pickle
import struct

import numpy as np
import pytest
from sample_images import encoded, pixels

from likeness.data.insightface import insightface_rec
from likeness.data.insightface.record_io import MAGIC, RecordFile
from likeness.errors import UnreadableImage

CUT = struct.pack("<I", MAGIC)


def header(labels, key=0):
    """A number is a label of its own; a list follows the header, which tells its length."""
    if isinstance(labels, list):
        return struct.pack("<IfQQ", len(labels), 0, key, 0) + struct.pack(f"<{len(labels)}f", *labels)
    return struct.pack("<IfQQ", 0, labels, key, 0)


def framed(payload):
    """A record as the format writes it: cut wherever its magic lies at a multiple of four bytes."""
    cuts = [i for i in range(0, len(payload) // 4 * 4, 4) if payload[i : i + 4] == CUT]
    begins, ends = [0, *(i + 4 for i in cuts)], [*cuts, len(payload)]
    stream = b""
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        flag = 0 if not cuts else 1 if number == 0 else 3 if number == len(cuts) else 2
        part = payload[begin:end]
        stream += struct.pack("<II", MAGIC, flag << 29 | len(part)) + part + b"\0" * (-len(part) % 4)
    return stream


def written(root, payloads):
    """`payloads` = {key: payload}, in that order, as train.rec and train.idx."""
    root.mkdir(exist_ok=True)
    stream, lines = b"", []
    for key, payload in payloads.items():
        lines.append(f"{key}\t{len(stream)}\n")
        stream += framed(payload)
    (root / "train.rec").write_bytes(stream)
    (root / "train.idx").write_text("".join(lines))
    return root


def image(label, seed):
    return header(label, seed) + encoded("PNG", (16, 16), seed)


def insightface_layout(counts=(3, 2, 4), labels=(5.0, 0.0, 2.0)):
    """Record 0, then the images, then a record for each identity; images' labels in both of their forms."""
    images = {}
    ranges = []
    for label, count in zip(labels, counts, strict=True):
        begin = len(images) + 1
        for i in range(count):
            key = len(images) + 1
            images[key] = image([label, 1.0] if i % 2 else label, key)
        ranges.append((begin, len(images) + 1))
    first = len(images) + 1
    people = {first + i: header(list(pair)) for i, pair in enumerate(ranges)}
    return {0: header([first, first + len(people)]), **images, **people}


def read(root, **more):
    return insightface_rec(root=str(root), spatial_size=16, channels=3, split=(0, 0, 1), **more).test


def check(images, names, keys):
    assert [images.identity_name(i) for i in images.identity] == names
    for i, key in enumerate(keys):
        assert (images.load([i])[0].permute(1, 2, 0).numpy() == pixels((16, 16), key)).all()
        assert images.name(i) == f"train.rec#{key}"


NAMES = ["5"] * 3 + ["0"] * 2 + ["2"] * 4


def test_the_layout_with_identity_records(tmp_path):
    check(read(written(tmp_path, insightface_layout())), NAMES, range(1, 10))


def test_a_header_without_identities_leaves_it_to_the_labels(tmp_path):
    images = {key: payload for key, payload in insightface_layout().items() if 1 <= key < 10}
    check(read(written(tmp_path, {0: header([10.0, 3.0]), **images})), NAMES, range(1, 10))
    check(read(written(tmp_path, {0: header([10.0, 10.0]), **images})), NAMES, range(1, 10))


def test_no_header_at_all(tmp_path):
    images = {key - 1: payload for key, payload in insightface_layout().items() if 1 <= key < 10}
    with_zero = read(written(tmp_path, images))
    assert [with_zero.identity_name(i) for i in with_zero.identity] == NAMES
    assert with_zero.name(0) == "train.rec#0"
    check(read(written(tmp_path, {k + 1: p for k, p in images.items()})), NAMES, range(1, 10))


def test_keys_in_any_order_of_the_file(tmp_path):
    shuffled = dict(sorted(insightface_layout().items(), key=lambda item: item[0] * 7 % 13))
    check(read(written(tmp_path, shuffled)), NAMES, range(1, 10))


def test_keys_beyond_what_float32_holds(tmp_path):
    layout = insightface_layout()
    far = {key + (2**24 if key else 0): payload for key, payload in layout.items()}
    check_names = read(written(tmp_path, far))
    assert [check_names.identity_name(i) for i in check_names.identity] == NAMES


@pytest.mark.parametrize(
    ("content", "magics"),
    [
        (CUT, 2),
        (CUT + CUT, 3),
        (b"abcd" + CUT + b"xy", 2),
        (CUT + b"abcdefg" + CUT, 3),
        (b"a" + CUT, 2),
        (b"", 1),
    ],
)
def test_records_that_hold_the_magic_are_put_together(tmp_path, content, magics):
    payload = header(3.0) + content
    assert framed(payload).count(CUT) == magics
    (tmp_path / "a.rec").write_bytes(framed(payload) + framed(header([1.0, 2.0]) + b"next"))
    records = RecordFile(tmp_path / "a.rec")
    assert bytes(records.read(0).content) == content
    assert records.read(0).labels == (3.0,)
    following = records.read(len(framed(payload)))
    assert (following.labels, bytes(following.content)) == ((1.0, 2.0), b"next")


def test_split_by_identity_and_sent_to_other_processes(tmp_path):
    root = written(tmp_path, insightface_layout((2,) * 10, tuple(map(float, range(10)))))
    splits = insightface_rec(root=str(root), spatial_size=16, channels=1, split=(0.6, 0.2, 0.2))
    parts = [splits.train, splits.validation, splits.test]
    assert [len(part) for part in parts] == [12, 4, 4]
    assert len({part.identity_name(i) for part in parts for i in part.identity}) == 10
    loaded = splits.train.load([3])[0]
    again = pickle.loads(pickle.dumps(splits.train))
    assert (again.load([3])[0] == loaded).all()
    assert loaded.shape == (1, 16, 16)
    assert splits.train.fingerprint() == again.fingerprint() != splits.test.fingerprint()


def spoilt(root, change):
    content = bytearray((root / "train.rec").read_bytes())
    change(content)
    (root / "train.rec").write_bytes(content)
    return root


def test_a_damaged_image_is_named(tmp_path):
    root = written(tmp_path, insightface_layout())
    offset = int((root / "train.idx").read_text().splitlines()[2].split()[1])

    def no_magic(content):
        content[offset] ^= 1

    images = read(spoilt(root, no_magic))
    with pytest.raises(UnreadableImage, match=r"train\.rec#2 cannot be read \(no record begins"):
        images.load([1])
    assert images.load([0])[0].shape == (3, 16, 16)
    content = bytearray(insightface_layout()[2])
    images = read(written(tmp_path, insightface_layout() | {2: bytes(content[: len(content) // 2])}))
    with pytest.raises(UnreadableImage, match=r"train\.rec#2 cannot be read"):
        images.load([1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.clear(), "or an empty one"),
        (lambda content: content.__delitem__(slice(-20, None)), r"Record 12 .*the file ends within"),
        (lambda content: content.__delitem__(slice(500, None)), "is damaged"),
        (lambda content: content.__setitem__(0, 0), "Record 0 .*no record begins at byte 0"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        read(spoilt(written(tmp_path, insightface_layout()), change))


@pytest.mark.parametrize(
    ("record", "payload", "words"),
    [
        (0, header([float("nan"), 13.0]), "Record 0 .*has the label nan"),
        (0, header([10.0, float("inf")]), "Record 0 .*has the label inf"),
        (11, header([4.0, 3e9]), "Record 11 .*up to 2999999999, and the last is 12"),
        (11, header([-4.0, 3.0]), "Record 11 .*has the label -4"),
        (4, image(float("nan"), 4), "Record 4 .*has the label nan"),
        (4, image(1e30, 4), "Record 4 .*has the label 1"),
    ],
)
def test_a_number_that_counts_nothing_is_refused(tmp_path, record, payload, words):
    with pytest.raises(ValueError, match=words):
        read(written(tmp_path, insightface_layout() | {record: payload}))


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("hello\n", "not an index"),
        ("1\t2\t3\n", "not an index"),
        ("\n", "not an index"),
        ("0\t0\n1\t48\n", "lacks record 10"),
    ],
)
def test_a_damaged_index_is_refused(tmp_path, index, words):
    root = written(tmp_path, insightface_layout())
    (root / "train.idx").write_text(index)
    with pytest.raises(ValueError, match=words):
        read(root)


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"does not exist: set root=DIR"):
        read(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds no train\.rec"):
        read(tmp_path)
    (written(tmp_path, insightface_layout()) / "train.idx").unlink()
    with pytest.raises(ValueError, match=r"holds no train\.idx"):
        read(tmp_path)
    layout = insightface_layout()
    del layout[4]
    with pytest.raises(ValueError, match="lacks record 4"):
        read(written(tmp_path, layout))


def test_labels_come_from_the_images(tmp_path):
    images = read(written(tmp_path, insightface_layout()))
    assert np.bincount(images.identity).tolist() == [2, 4, 3]  # labels 0, 2, 5
