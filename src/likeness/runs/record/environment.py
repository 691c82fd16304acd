"""What a run runs on: all but the source, the data and the configuration that may decide its numbers."""

import importlib.metadata
import json
import os
import platform
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from likeness.runs.record.source import ROOT, hash_of_file

# Variables by which the libraries choose another way to compute the same.
VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "PYTHONHASHSEED",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)


def capture_environment() -> dict[str, Any]:
    """The machine, the interpreter and the packages, as plain JSON."""
    packages = installed_packages()
    lock = ROOT / "requirements.lock"
    return {
        "python": platform.python_version(),
        "platform": _platform(),
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda,
        "cpu": _cpu(),
        "gpu": _gpu(),
        "threads": torch.get_num_threads(),
        "determinism": capture_determinism(),
        "packages": packages,
        "packages_sha256": sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest(),
        "lock_sha256": hash_of_file(lock) if lock.is_file() else None,
    }


def capture_determinism() -> dict[str, Any]:
    """The flags and variables, as they are now, by which torch chooses among ways to compute the same."""
    return {
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "cudnn_deterministic": torch.backends.cudnn.deterministic,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        **{name: os.environ.get(name) for name in VARIABLES},
    }


def installed_packages() -> dict[str, str]:
    """The version of each installed package, by its normalised name (PEP 503), sorted.

    Only the head of each package's metadata is read; `importlib.metadata.version` parses all of it, ten times slower.
    """
    versions: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        head = (distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "").partition(
            "\n\n"
        )[0]
        name, version = (re.search(rf"^{key}: *(.+)$", head, re.MULTILINE) for key in ("Name", "Version"))
        if name and version:  # the first on the path is the one that is imported
            versions.setdefault(re.sub(r"[-_.]+", "-", name[1].strip()).lower(), version[1].strip())
    return dict(sorted(versions.items()))


def _platform() -> str:
    """The system, the machine and the C library, such as "Linux x86_64, glibc 2.36"; a kernel decides no number."""
    library, version = platform.libc_ver()
    return f"{platform.system()} {platform.machine()}" + (f", {library} {version}" if library else "")


def _cpu() -> str:
    """The processor's name, family and model, and the instructions that torch uses of it."""
    try:
        first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:  # not Linux
        return f"{platform.processor()}, {torch.backends.cpu.get_cpu_capability()}"
    fields = dict(re.findall(r"^(.+?)\s*: (.*)$", first, re.MULTILINE))
    known = [f"{key} {fields[key]}" for key in ("cpu family", "model", "stepping") if key in fields]
    return ", ".join(
        [fields.get("model name", platform.machine()), *known, torch.backends.cpu.get_cpu_capability()]
    )


def _gpu() -> str | None:
    """The GPUs' names, or None where there is none."""
    if not torch.cuda.is_available():
        return None
    return ", ".join(torch.cuda.get_device_name(device) for device in range(torch.cuda.device_count()))
