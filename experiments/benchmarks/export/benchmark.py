"""An exported encoder in ONNX Runtime beside its run in torch, one thread each: benchmark.py OUT RUN ..."""

import json
import sys
import tempfile
from pathlib import Path

import onnxruntime
import torch
from timing import side_by_side

from likeness.applications.export import Measured, write_onnx
from likeness.memory import keep_freed_memory
from likeness.models.onnx_file import INPUT, OUTPUT
from likeness.recipes.embedding.trained import trained_at
from likeness.spatial import sides

BATCHES, IMAGES, ROUNDS = (1, 64), 64, 7


def main(out: Path, *runs: str) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()  # as every command does
    measured = [of_run(Path(run), batch) for run in runs for batch in BATCHES]
    facts = {"rounds": ROUNDS, "torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
    out.write_text(json.dumps({**facts, "measured": measured}, indent=2) + "\n")


def of_run(run: Path, batch: int) -> dict[str, object]:
    """Images a second of both, after their embeddings of random images are asserted equal."""
    trained = trained_at(run)
    trained.networks.ready(torch.device("cpu"))
    network = Measured(trained).eval()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "encoder.onnx")
        write_onnx(trained, file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    backbone = trained.config.backbone
    shape = (IMAGES, backbone.channels, *sides(backbone.spatial_size))
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0)).split(batch)

    @torch.no_grad()
    def in_torch() -> torch.Tensor:
        return torch.cat([network(some) for some in images])

    def in_onnxruntime() -> torch.Tensor:
        return torch.cat(
            [torch.from_numpy(session.run([OUTPUT], {INPUT: some.numpy()})[0]) for some in images]
        )

    difference = float((in_onnxruntime() - in_torch()).abs().max())
    assert difference < 1e-5, difference
    seconds = side_by_side({"torch": in_torch, "onnxruntime": in_onnxruntime}, ROUNDS)
    return {
        "experiment": run.parent.name,
        "backbone": type(backbone).__name__,
        "images": list(shape[1:]),
        "batch": batch,
        "largest_difference": difference,
        "images_a_second": {name: IMAGES / one for name, one in seconds.items()},
        "times_as_fast": seconds["torch"] / seconds["onnxruntime"],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
