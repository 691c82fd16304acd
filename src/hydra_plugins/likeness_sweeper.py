"""The sweeper that Hydra finds; it stands here because Hydra looks for plugins in this package alone."""

from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict


class LikenessSweeper(Sweeper):
    """Try every combination of the values on the command line, or what a sampler of Optuna proposes."""

    hydra_context: HydraContext
    config: DictConfig
    launcher: Launcher

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what composes a job's configuration, and make what launches jobs."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the overrides on the command line describe."""
        from likeness.config.own_folder import own_config_dir
        from likeness.recipes.choose import recipe_of  # Hydra imports this file whatever it is asked to do
        from likeness.runs.sweep.sweep import sweep

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        beside = not self.config.hydra.launcher["_target_"].endswith("BasicLauncher")
        return sweep(
            parser.parse_overrides(arguments),
            self._composed,
            self.launcher.launch,
            recipe_of,
            beside=beside,
            config_dir=own_config_dir(self.config.hydra.runtime.config_sources),
        )

    def _composed(self, overrides: list[str]) -> Any:
        """The checked configuration of a job, as the launcher is going to compose it."""
        from likeness.config.compose import explained
        from likeness.config.hydra_node import refuse_hydra_node
        from likeness.config.own_folder import own_config_dir
        from likeness.recipes.choose import checked_composition

        with explained("config", overrides):
            config = self.hydra_context.config_loader.load_sweep_config(self.config, overrides)
            refuse_hydra_node(config.hydra, own_config_dir(self.config.hydra.runtime.config_sources))
            with open_dict(config):
                del config["hydra"]
            return checked_composition(config, overrides)
