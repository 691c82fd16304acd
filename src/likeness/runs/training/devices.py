"""The devices of this machine: what to train on, and what to measure on."""

import torch

from likeness.errors import LikenessError


def refuse_devices(accelerator: str, devices: int) -> None:
    """Raise a LikenessError where this machine has not so many devices of that kind to train on."""
    from pytorch_lightning.accelerators import CUDAAccelerator, MPSAccelerator  # which takes as long as torch

    cuda = CUDAAccelerator.auto_device_count() if CUDAAccelerator.is_available() else 0
    mps = int(MPSAccelerator.is_available())
    found = {"cuda": cuda, "mps": mps, "gpu": cuda or mps, "auto": cuda or mps or devices, "cpu": devices}
    there = found[accelerator]
    if there < devices:
        kind = {"cuda": "CUDA device", "mps": "MPS device"}.get(accelerator, "GPU")
        raise LikenessError(
            f"trainer.accelerator={accelerator} trainer.devices={devices} asks for more than this machine has, "
            f"{there} {kind}{'s' * (there != 1)}; choose "
            + (f"trainer.devices={there}, or " if there else "")
            + "trainer.accelerator=cpu."
        )


def refuse_synchronized_norms(accelerator: str, *, sync_batchnorm: bool) -> None:
    """Raise a LikenessError where BatchNorm should see the batches of several devices, and these are no GPUs."""
    if sync_batchnorm and device_of(accelerator).type != "cuda":
        raise LikenessError(
            "trainer.sync_batchnorm=true needs CUDA devices, as PyTorch's SyncBatchNorm does; leave it out here."
        )


def on_gpu() -> bool:
    """Whether this process has begun to use a CUDA device."""
    return torch.cuda.is_available() and bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def device_of(accelerator: str) -> torch.device:
    """The device to measure on."""
    return torch.device("cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu")
