"""What others make of the pairs that a run of `speakers` is tested on: log-mel statistics, and the pretrained GE2E.

    python peers.py      # writes peers.json beside this file; needs `pip install Resemblyzer`, which brings its weights

GE2E (Wan et al. 2018) in Resemblyzer 0.1.4 was trained on thousands of speakers; it is given each word as its library's
`embed_utterance` takes it, resampled from 8 to 16 kHz, at the library's volume and with its silences cut.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from likeness.data.skipping import SkippingUnreadable
from likeness.evaluation.detection_cost import minimum_detection_cost
from likeness.evaluation.roc import equal_error_rate, roc
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.build import drawn_pairs
from likeness.recipes.embedding.readable import build_data

SEEDS = (0, 1, 2)
RATE = 8000


def main() -> None:
    """Encode the test speakers' words each way, measure on each seed's pairs, write."""
    splits = build_data(training_config(["+experiment=speakers"]).data)
    assert splits.train is not None
    assert splits.test is not None
    trained, tested = signals(splits.train), signals(splits.test)
    known = statistics(trained)
    encodings = {
        "log-mel statistics": (statistics(tested) - known.mean(axis=0)) / known.std(axis=0),
        "GE2E": ge2e(tested),
    }
    content = {}
    for name, rows in encodings.items():
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        content[name] = {"dimensions": rows.shape[1]}
        for seed in SEEDS:
            pairs = drawn_pairs(
                splits.test, training_config(["+experiment=speakers", f"seed={seed}"]), splits.contexts
            )
            distance = np.square(unit[pairs.first] - unit[pairs.second]).sum(axis=1)
            content[name][f"seed {seed}"] = {
                "pairs": len(distance),
                "eer": float(equal_error_rate(roc(distance, pairs.same))),
                "min_dcf": float(minimum_detection_cost(roc(distance, pairs.same), target=0.01)),
            }
    (Path(__file__).parent / "peers.json").write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content, indent=1))


def signals(samples: SkippingUnreadable) -> NDArray[np.float32]:
    """The signals `[N, L]`."""
    return np.stack([loaded[0].numpy() for loaded in samples.load(range(len(samples)))])


def statistics(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and deviation over time `[N, 80]` of 40 log-mel bands."""
    import librosa

    power = librosa.feature.melspectrogram(
        y=waves, sr=RATE, n_fft=256, win_length=200, hop_length=80, n_mels=40
    )
    bands = np.log(power + 1e-10)
    return np.concatenate([bands.mean(axis=2), bands.std(axis=2)], axis=1)


def ge2e(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """The library's embeddings `[N, 256]`."""
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    return np.stack([encoder.embed_utterance(preprocess_wav(resample_poly(wave, 2, 1))) for wave in waves])


if __name__ == "__main__":
    main()
