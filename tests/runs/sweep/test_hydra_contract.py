"""What a sweep relies on in Hydra that its documentation does not promise; pyproject.toml caps its version for this."""

from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus, run_job
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, open_dict

from likeness.config.groups import CONF


@pytest.fixture
def context() -> Any:
    """Hydra as it is within a sweep of ours."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        yield HydraContext(hydra.config_loader, Callbacks())


def sweep_config(context: HydraContext, *overrides: str) -> DictConfig:
    return context.config_loader.load_configuration("config", list(overrides), RunMode.MULTIRUN)


def test_the_private_value_of_a_failed_job_is_what_it_raised_and_the_public_one_raises_it() -> None:
    fault = ValueError("a fault")
    failed = JobReturn(_return_value=fault, status=JobStatus.FAILED)
    assert failed._return_value is fault
    with pytest.raises(ValueError, match="a fault"):
        _ = failed.return_value


def test_run_job_returns_a_failure_instead_of_raising_it(
    context: HydraContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def failing(config: DictConfig) -> None:
        raise ValueError(f"with seed {config.seed}")

    config = context.config_loader.load_sweep_config(sweep_config(context), ["seed=3"])
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = "0", 0
    returned = run_job(
        failing,
        config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
        hydra_context=context,
    )
    assert returned.status == JobStatus.FAILED
    assert str(returned._return_value) == "with seed 3"


def test_load_sweep_config_composes_a_job_anew_from_its_overrides_alone(context: HydraContext) -> None:
    whole = sweep_config(context, "loss.margin=0.1,0.4", "seed=1")
    job = context.config_loader.load_sweep_config(whole, ["loss.margin=0.4", "optimizer=sgd"])
    assert (job.loss.margin, job.seed) == (0.4, 0)
    assert job.optimizer._target_ == "torch.optim.SGD"
    assert list(job.hydra.overrides.task) == ["loss.margin=0.4", "optimizer=sgd"]  # what a run records


def test_the_launcher_of_no_choice_runs_one_job_after_the_other(context: HydraContext) -> None:
    """By its name the sweeper knows that jobs don't run side by side."""
    assert sweep_config(context).hydra.launcher["_target_"].endswith("BasicLauncher")


def test_our_sweeper_is_found_beside_hydras_own() -> None:
    found = {sweeper.__name__ for sweeper in Plugins.instance().discover(Sweeper)}
    assert {"BasicSweeper", "LikenessSweeper"} <= found
