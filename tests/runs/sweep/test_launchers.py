"""Sweeps whose jobs run in other processes: on a local Ray of two CPUs, and by submitit's local executor."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from test_real_sweeps import TRAIN, statuses, the_sweep
from tiny_words import OVERRIDES

from likeness.config.groups import CONF

LAUNCHERS = {
    "hydra_plugins.hydra_ray_launcher": [
        "hydra/launcher=ray",
        "+hydra.launcher.ray.init.num_cpus=2",
        "+hydra.launcher.ray.init.include_dashboard=false",
    ],
    "hydra_plugins.hydra_submitit_launcher": ["hydra/launcher=submitit_local"],
}


@pytest.mark.parametrize("plugin", LAUNCHERS, ids=["ray", "submitit"])
def test_jobs_are_trained_elsewhere_and_a_failing_one_is_told(
    plugin: str, warm_command, tmp_path: Path
) -> None:
    pytest.importorskip(plugin, reason="comes with an extra: pip install -e '.[ray,slurm]'")
    overrides = ["-m", *OVERRIDES, "optimizer.lr=1e30,0.002", *LAUNCHERS[plugin]]
    done = warm_command(
        TRAIN, *overrides, OMP_NUM_THREADS="1", RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0"
    )
    assert done.returncode == 1, done.stderr
    assert "likeness: 1 of 2 jobs of the sweep failed" in done.stderr
    failed, finished = the_sweep(tmp_path)["jobs"]
    assert (failed["status"], finished["status"]) == ("failed", "finished")
    assert "lower optimizer.lr" in failed["reason"]
    assert sorted(statuses(tmp_path)) == ["failed", "finished"]


def test_slurm_is_a_launcher_that_queues_a_job_again() -> None:
    pytest.importorskip(
        "hydra_plugins.hydra_submitit_launcher", reason="comes with an extra: pip install -e '.[slurm]'"
    )
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["hydra/launcher=slurm"], return_hydra_config=True)
    launcher = config.hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert launcher.max_num_timeout > 0
