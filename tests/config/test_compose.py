import re

import pytest

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.groups import groups
from likeness.config.make import plain
from likeness.config.schema.embedding import EmbeddingConfig, EvaluateConfig
from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config

# What a choice needs beside it.
BESIDE = {
    "callbacks=unfreezing": ["callbacks.unfreezing.at_step={embedder.backbone: 2}"],
    "backbone=onnx": ["backbone.path=encoder.onnx"],
    "loss=cross_entropy": ["task=similarity"],
    "head=absolute_difference": ["task=similarity"],
    "head=chi_squared": ["task=similarity", "embedder.activation=relu"],
    "data=style_folders": ["task=adain"],
    "loss=adain": ["task=adain"],
    "stylizer=adain": ["task=adain"],
    "stylizer=johnson": ["task=feedforward"],
    "backbone=vgg19_normalised": ["task=adain", "backbone.weights=vgg_normalised.pth"],
    "clustering=neighbours": ["clustering.neighbours=1.0", "clustering.joined=1.0"],
    "clustering=dbscan": ["clustering.eps=1.0"],
    "clustering=average_linkage": ["clustering.distance_threshold=1.0"],
    "clustering=k_means": ["clustering.n_clusters=20"],
}
DETECTORS = ("mtcnn", "tiny_faces", "face_rcnn", "pyramidbox")
BESIDE |= {
    f"detector={choice}": [f"task={name}"]
    for name in DETECTORS
    for choice in groups()["detector"]
    if choice.startswith(name)
}
BESIDE |= {
    f"data={name}": ["task=mtcnn", *([] if name == "drawn_scenes" else ["data.root=photographs"])]
    for name in ("drawn_scenes", "wider_face", "voc", "yolo", "boxes_json", "points_csv")
}
BESIDE |= {
    word: ["task=mtcnn"]
    for word in ("evaluation=detection", "sampler=random_squares", "sampler=anchor_sampling")
}
BESIDE |= {word: ["task=landmarks"] for word in ("evaluation=landmarks", "landmarker=onet")}
GREY = ["backbone.channels=1", "backbone.mean=null", "backbone.std=null"]
SIGNALS = [*GREY, "backbone.spatial_size=[512]"]
VOLUMES = [*GREY, "backbone.spatial_size=[16,16,16]"]
BESIDE |= {
    "data=arrays": ["data.path=digits.npz"],
    "data=audio_folder": SIGNALS,
    "data=drawn_signals": SIGNALS,
    "augment=signals": ["data=drawn_signals", *SIGNALS],
    "data=volume_folder": VOLUMES,
    "data=drawn_solids": VOLUMES,
    "augment=volumes": ["data=drawn_solids", *VOLUMES],
    "backbone=monai": ["data=drawn_solids"],
    "backbone=fcn": ["data=drawn_signals"],
    "backbone=mel_conv": ["data=drawn_signals"],
    "optimizer=timm": ["optimizer.name=lamb"],
    "optimizer=torch": ["optimizer.name=RAdam"],
    "scheduler=torch": ["scheduler.name=StepLR", "+scheduler.step_size=9"],
}
OF_STYLE = {
    "backbone": [name for name in groups()["backbone"] if name.endswith("_features")],
    "data": ["style_pictures"],
    "loss": ["style", "gatys2016", "neural_style", "pytorch_tutorial", "crowsonkb"],
    "optimizer": ["lbfgs", "adam"],
}


def checked(*overrides: str) -> TrainConfig:
    return training_config(overrides)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("~loss._target_", "The key loss._target_ has no value; give it one with loss._target_=VALUE."),
        ("~backbone._target_", "The key backbone._target_ has no value; give it one with"),
        ("loss.margn=0.3", "Unknown key loss.margn: did you mean margin?"),
        ("+loss.margn=0.3", "Unknown key loss.margn: did you mean margin?"),
        ("++loss.margn=0.3", "Unknown key loss.margn: did you mean margin?"),
        ("traner.max_steps=3", "Unknown key traner.max_steps: did you mean trainer?"),
        ("+sede=1", "Unknown key sede: did you mean seed?"),
        ("losss=triplet_hard", "Unknown key losss: did you mean loss?"),
        ("loss=triplet_hrd", "There is no loss called triplet_hrd: did you mean triplet_hard?"),
        ("backbone=resnet81", "There is no backbone called resnet81: did you mean resnet18?"),
        ("+experiment=triplethard", "There is no experiment called triplethard: did you mean triplet_hard?"),
        ("+loss.margin=0.3", "loss.margin is there already; write loss.margin=VALUE without the plus."),
        ("loss.margin=-1", "loss.margin=-1 won't do: should be greater than or equal to 0."),
        ("loss.margin=wide", "loss.margin=wide"),
        ("loss.distance=square", "loss.distance=square is not a known value; did you mean squared?"),
        (
            "trainer.precision=8",
            "trainer.precision=8 is not a known value; known are 16-mixed, 32, bf16-mixed.",
        ),
        ("trainer.max_steps=0", "trainer.max_steps=0 won't do"),
        ("sampler.images=1", "sampler.images=1 won't do"),
        (
            "++data._target_=os.system",
            "data._target_=os.system is not on the list of what a configuration may call",
        ),
        ("+logger.mine._target_=os.system", "Unknown key logger.mine"),
        ("+augment.mine={_target_: os.system}", "augment.mine._target_=os.system is not on the list"),
        ("++optimizer._target_=torch.optim.AdamX", "did you mean torch.optim.AdamW?"),
        ("backbone.mean=[0.5]", "backbone.mean needs one number for each of the 3 channels."),
        ("name=../elsewhere", "name is a folder's name"),
        (
            "trainer.devices=3",
            "sampler.identities=16 can't be shared by 3 devices; make it a multiple of their number.",
        ),
        ("backbone=onnx", "backbone=onnx cannot be trained; use it with `likeness evaluate`."),
        ("head=absolute_difference", "a head is trained by task=similarity."),
        ("loss=cross_entropy", "loss=cross_entropy is that of task=similarity, which takes no other."),
        (
            "data@test_data=null",
            "data@test_data=null won't do: a group takes the name of a choice; to leave out data@test_data,",
        ),
        ("episodes=null", "~head, ~episodes or ~identification."),
        ("experiment=triplet_hard", "An experiment is added with a plus: +experiment=NAME."),
        ("test_data=lfw", "Other data to test on are chosen with data@test_data=NAME."),
        ("loss=null", "loss=null won't do: a group takes the name of a choice"),
        ("+experiment=true", "+experiment=true won't do: a group takes the name"),
        ("backbone=18", "backbone=18 won't do: a group takes the name"),
        ("hydra/launcher=null", "hydra/launcher=null won't do: a group takes the name"),
        ("seed=true", "seed=True won't do: should be a valid integer."),
        ("seed=1.0", "seed=1.0 won't do: should be a valid integer."),
        ("trainer.max_steps=1e3", "trainer.max_steps=1000.0 won't do"),
        ("trainer.devices='2'", "trainer.devices=2 won't do"),
        ("loss.margin=inf", "loss.margin=inf"),
        ("loss.margin=true", "loss.margin=True"),
        ("evaluation.folds=4000", "evaluation.pairs=6000 gives each of 4000 folds fewer than two."),
        ("data.image_size=32", "data.spatial_size must be the backbone's, 64."),
        (
            "data.seed=${nope}",
            "data.seed takes its value from nope, which is not there: choose another data, or set it.",
        ),
        ("+hydra.callbacks.x._target_=os.mkdir", "is not taken: of Hydra's own only"),
        ("+hydra={callbacks:{x:{_target_:os.mkdir}}}", "is not taken: of Hydra's own only"),
        ("augment={blurr: null}", "augment has not all of these keys; +augment=VALUE adds them."),
        ("seed=[", "The command line can't be read"),
        ("~loss.margn", "Unknown key loss.margn: did you mean margin?"),
        ("~bacbone", "Unknown key bacbone: did you mean backbone?"),
        ("head.weight=1", "Unknown key head.weight: there is no head here."),
        ("runs_dir=", "runs_dir is empty; give it a value with runs_dir=VALUE."),
        ("optimizer.lr=1e38", "optimizer.lr=1e+38 won't do"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_nearest_name(word: str, sentence: str) -> None:
    with pytest.raises(LikenessError) as caught:
        checked(word)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_root_is_not_the_current_folder() -> None:
    with pytest.raises(
        LikenessError, match=r"^data\.root is empty; give it a value with data\.root=VALUE\.$"
    ):
        checked("data=image_folder", "data.root=")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["head=chi_squared"],
            "head=chi_squared needs embeddings with no negative number; embedder.activation=relu",
        ),
        (["~head"], "task=similarity needs a head: head=absolute_difference or head=chi_squared."),
        (["loss=triplet_hard"], "loss=cross_entropy is that of task=similarity, which takes no other."),
    ],
)
def test_the_parts_of_a_similarity_fit_together(overrides: list[str], sentence: str) -> None:
    with pytest.raises(LikenessError, match=f"^{re.escape(sentence)}"):
        checked("task=similarity", *overrides)


@pytest.mark.parametrize(
    ("experiment", "detector"),
    [(name.partition("_vgg")[0].partition("_resnet")[0], name) for name in sorted(groups()["detector"])],
)
def test_every_detector_is_trained_by_its_experiment(experiment: str, detector: str) -> None:
    assert checked(f"+experiment={experiment}", f"detector={detector}").name == experiment


@pytest.mark.parametrize("experiment", sorted(groups()["experiment"]))
def test_every_experiment_composes_under_its_own_name(experiment: str) -> None:
    assert checked(f"+experiment={experiment}").name == experiment


@pytest.mark.parametrize(
    ("group", "choice"),
    [(group, choice) for group, choices in groups().items() if group != "experiment" for choice in choices],
)
def test_every_choice_of_every_group_fits_the_schema(group: str, choice: str) -> None:
    word = f"{group}={choice}"
    overrides = BESIDE.get(word, ["task=style"] if choice in OF_STYLE.get(group, []) else [])
    if choice == "pml":  # which of the library's is named in either case
        checked("loss=pml", "loss.name=MultiSimilarityLoss", "miner.name=MultiSimilarityMiner")
    elif choice == "onnx" or group == "clustering":
        path = [] if choice == "onnx" else ["backbone.path=encoder.onnx"]
        check(plain(composed("evaluate", [word, *path, *overrides])), EvaluateConfig)
    elif group == "statistic":
        checked("task=style", "optimizer=adam", f"statistic@loss.statistic={choice}")
    else:
        checked(f"{'+' * (group == 'sweep')}{word}", *overrides)


def test_choices_reach_where_they_are_used() -> None:
    config = checked("backbone=resnet18", "loss.margin=soft", "data@test_data=lfw", "optimizer.lr=0.5")
    assert isinstance(config, EmbeddingConfig)
    assert config.data.image_size == config.backbone.spatial_size == 112
    assert config.test_data is not None
    assert config.test_data.spatial_size == 112
    assert config.scheduler.max_lr == 0.5
    assert config.loss.margin == "soft"


def test_data_lie_below_likeness_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIKENESS_DATA", "/images")
    assert root_of("data=celeba") == "/images/celeba"
    monkeypatch.delenv("LIKENESS_DATA")
    assert root_of("data=lfw") == "./data/lfw"


def root_of(word: str) -> str:
    config = checked(word)
    assert isinstance(config, EmbeddingConfig)
    root: str = config.data.root  # type: ignore[union-attr]
    return root


def test_a_key_that_must_be_given_is_named() -> None:
    with pytest.raises(LikenessError, match=r"^The key backbone\.weights has no value; give it one with"):
        checked("task=adain", "backbone=vgg19_normalised")


def test_evaluation_measures_by_the_same_defaults_as_training() -> None:
    training, evaluation = composed("config", []), composed("evaluate", ["backbone.path=encoder.onnx"])
    del training.evaluation.far  # the threshold is the run's
    del training.evaluation.validation_identities  # nothing is validated
    for key in ("evaluation", "loader", "seed", "runs_dir"):
        assert training[key] == evaluation[key]
