"""What the command lines do: Hydra composes a configuration, and a mistake ends in one sentence."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb

import hydra
from omegaconf import DictConfig, OmegaConf
from yaml import YAMLError

from likeness.config.check import check_training
from likeness.config.compose import cannot_be_composed, composed, explain, refuse_hydra_keys
from likeness.config.groups import CONF
from likeness.config.key import compare_values
from likeness.config.make import plain
from likeness.config.nearest import nearest
from likeness.errors import LikenessError, Pruned, one_sentence
from likeness.recipes.past_config import config_of, encoding_config_of


def train_from_command_line() -> None:
    """Train what the words on the command line choose, or run the sweep that they describe."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, and the sentences are ours
    if any(word.startswith("+sweep=") for word in sys.argv[1:]) and not {"-m", "--multirun"} & set(
        sys.argv[1:]
    ):
        sys.argv.insert(1, "--multirun")
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    with one_sentence():
        refuse_hydra_keys(words)
        try:
            hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(_train)()
        except Exception as error:
            if _had_begun(error) or not cannot_be_composed(error):
                raise
            raise LikenessError(explain(error, "config", words)) from None


def _had_begun(error: Exception) -> bool:
    """Whether a run had begun when `error` was raised: then it is a fault of ours, and the words are right."""
    return any(
        frame.f_globals["__name__"] == "likeness.runs.run" for frame, _ in walk_tb(error.__traceback__)
    )


def evaluate_from_command_line(encoder: Path, words: Sequence[str]) -> None:
    """Measure a run or an ONNX file on the data that `words` choose."""
    with one_sentence():
        from likeness.recipes.embedding.evaluate import evaluate

        if encoder.suffix == ".onnx":
            config = composed("evaluate", ["backbone=onnx", *words])
            config.backbone.path = str(encoder)
            print(evaluate(config, encoder))
        elif (encoder / "config.yaml").is_file():
            print(evaluate(with_encoder_of(encoding_config_of(encoder), words), encoder))
        else:
            raise LikenessError(
                f"{encoder} is neither a run's folder (it has no config.yaml) nor an .onnx file."
            )


def verify_from_command_line(run: Path, first: Path, second: Path) -> None:
    """Say whether two pictures are of one person."""
    with one_sentence():
        from likeness.applications.verify import verify

        print(verify(encoding_config_of(run), run, first, second))


def stylize_from_command_line(
    content: str,
    style: str,
    output: Path,
    words: Sequence[str],
    method: str,
    decoder: Path | None,
    *,
    force: bool,
) -> None:
    """Paint pictures in the styles of others: by optimization, by a decoder, or by networks of one style each."""
    with one_sentence():
        from likeness.applications.grid import write_grid
        from likeness.applications.pairs import pairs_of

        if (decoder is None) == (method == "adain"):
            raise LikenessError("--decoder names what --method adain paints with; give both or neither.")
        pairs, made = pairs_of(content, style, output, force=force), output
        if method == "optimize":
            from likeness.applications.stylize import stylize

            made = stylize(pairs, words, force=force)
        elif decoder is not None:
            from likeness.applications.paint import paint_by_adain

            paint_by_adain(pairs, decoder, words, force=force)
        else:
            from likeness.applications.paint import paint_by_networks

            paint_by_networks(pairs, words, force=force)
        if len(pairs) > 1 and method != "feedforward":
            write_grid(output, pairs)
        print(made if len(pairs) == 1 else output)


def resume_from_command_line(folder: Path, words: Sequence[str]) -> None:
    """Go on with an unfinished run; `words` may change what changes none of its numbers."""
    with one_sentence():
        from likeness.runs.run import resume

        print(resume(with_words(config_of(folder), words), folder))


def reproduce_from_command_line(folder: Path) -> None:
    """Run a run again and say whether it is equal; the exit status is the judgement."""
    with one_sentence():
        from likeness.runs.reproduce import reproduce
        from likeness.runs.training.preemption import ended_by_sigterm

        with ended_by_sigterm():  # so that the second run ends and its worktree is removed
            judgement, sentence = reproduce(folder)
        print(sentence)
        sys.exit(judgement)


def with_words(own: DictConfig, words: Sequence[str]) -> DictConfig:
    """The resolved configuration of a run, with the values that `words` (key=value) give its keys.

    Raises:
        LikenessError: a word names no key of it.
    """
    known = [difference.key for difference in compare_values({}, plain(own))]
    for word in words:
        key, equals, _ = word.partition("=")
        if not equals or key not in known:
            raise LikenessError(f"{word} changes no key of the run: {nearest(key, known)}")
    changed = OmegaConf.merge(own, _from_dotlist(words))
    assert isinstance(changed, DictConfig)
    return changed


def _from_dotlist(words: Sequence[str]) -> DictConfig:
    try:
        return OmegaConf.from_dotlist(list(words))
    except YAMLError:
        raise LikenessError(f"{' '.join(words)} can't be read: a value is not closed.") from None


def _train(config: DictConfig) -> None:
    sweep = config.get("sweep")
    if sweep is not None and sweep.get("id") is not None:
        from likeness.runs.run import train

        with suppress(Pruned):  # the run's record says so
            print(train(config))
        return
    with one_sentence():  # here too: Hydra would put a line of its own before the sentence
        if sweep is not None:
            raise LikenessError(
                "The configuration describes a sweep: start it with -m, or leave it out with ~sweep."
            )
        check_training(plain(config))
        from likeness.runs.run import train  # torch is imported only once the configuration is one

        print(train(config))


def with_encoder_of(own: DictConfig, words: Sequence[str]) -> DictConfig:
    """The evaluation that `words` choose, with the network of a run, and by default the data it was tested on."""
    if taken := [word for word in words if word.lstrip("+~").startswith(("backbone", "embedder", "head"))]:
        raise LikenessError(f"{taken[0]} can't be changed: the network is the run's own.")
    chosen = any(word.startswith("data=") for word in words)
    about_data = [word for word in words if word.startswith("data.")]
    about_episodes = []
    if own.get("episodes") and not any(word.startswith("episodes=") for word in words):
        about_episodes = [word for word in words if word.startswith("episodes.")]
    size = [f"backbone.image_size={own.backbone.image_size}", f"backbone.channels={own.backbone.channels}"]
    later = [*about_episodes, *([] if chosen else about_data)]  # which are about what the run had
    config = composed("evaluate", [*size, *(word for word in words if word not in later)])
    OmegaConf.resolve(config.data)
    if not chosen:
        config.data = OmegaConf.merge(
            own.get("test_data") or own.data, _from_dotlist(about_data).get("data", {})
        )
    if not any(word.startswith("evaluation.flip=") for word in words):
        config.evaluation.flip = own.evaluation.flip
    if not any(word.startswith("evaluation.queries=") for word in words):
        OmegaConf.update(config, "evaluation.queries", own.evaluation.get("queries"), force_add=True)
    if not any(word.startswith(("episodes=", "~episodes")) for word in words):
        OmegaConf.update(config, "episodes", own.get("episodes"), force_add=True)
        config = with_words(config, about_episodes)
    config.backbone = own.backbone
    for part in ("embedder", "head"):
        OmegaConf.update(config, part, own.get(part), force_add=True)
    if "weights" in config.backbone:
        config.backbone.weights = None  # the checkpoint has them all
    return config
