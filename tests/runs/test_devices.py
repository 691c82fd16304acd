"""What is said of devices that this machine has not, on machines that are told to have some."""

import pytest
from pytorch_lightning.accelerators import CUDAAccelerator, MPSAccelerator

from likeness.errors import LikenessError
from likeness.runs.training.devices import refuse_devices, refuse_synchronized_norms


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    cuda, mps = request.param
    monkeypatch.setattr(CUDAAccelerator, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(CUDAAccelerator, "auto_device_count", lambda: cuda)
    monkeypatch.setattr(MPSAccelerator, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("machine", "accelerator", "devices", "sentence"),
    [
        (
            (0, False),
            "gpu",
            1,
            "asks for more than this machine has, 0 GPUs; choose trainer.accelerator=cpu.",
        ),
        ((0, True), "cuda", 1, "0 CUDA devices; choose trainer.accelerator=cpu."),
        ((1, False), "mps", 1, "0 MPS devices; choose trainer.accelerator=cpu."),
        ((1, False), "auto", 2, "1 GPU; choose trainer.devices=1, or trainer.accelerator=cpu."),
        ((4, False), "gpu", 8, "4 GPUs; choose trainer.devices=4, or trainer.accelerator=cpu."),
    ],
    indirect=["machine"],
)
@pytest.mark.usefixtures("machine")
def test_missing_devices_are_refused(accelerator: str, devices: int, sentence: str) -> None:
    with pytest.raises(LikenessError) as refused:
        refuse_devices(accelerator, devices)
    assert str(refused.value).startswith(f"trainer.accelerator={accelerator} trainer.devices={devices} asks")
    assert str(refused.value).endswith(sentence)


@pytest.mark.parametrize(
    ("machine", "accelerator", "devices"),
    [
        ((0, False), "auto", 2),
        ((0, False), "cpu", 8),
        ((0, True), "gpu", 1),
        ((2, False), "auto", 2),
        ((2, False), "cuda", 1),
        ((1, False), "cpu", 2),
    ],
    indirect=["machine"],
)
@pytest.mark.usefixtures("machine")
def test_devices_that_are_there_are_taken(accelerator: str, devices: int) -> None:
    refuse_devices(accelerator, devices)


def test_norms_over_several_devices_need_gpus() -> None:
    with pytest.raises(LikenessError, match=r"trainer\.sync_batchnorm=true needs CUDA devices"):
        refuse_synchronized_norms("cpu", sync_batchnorm=True)
    refuse_synchronized_norms("cpu", sync_batchnorm=False)
