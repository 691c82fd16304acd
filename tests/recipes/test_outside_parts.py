"""Tasks, heads, augmentations and optimizers of somebody else's, in a file, go the way of a run."""

import json

import pytest
from blank_figures import blank_figures_from_now_on
from killing import left_behind
from outside_place import Place
from tiny import TINY

PARTS = '''
    """Parts in a file."""

    import torch
    from torch import nn

    from likeness.models.similarity import PairHead
    from likeness.tasks.embedding import EmbeddingTask
    from likeness.tasks.gather import gather_batch


    class NoisyTask(EmbeddingTask):
        """An embedding task whose embeddings are disturbed while training."""

        def __init__(self, *parts, noise: float = 0.1, **more):
            super().__init__(*parts, **more)
            self.noise = noise

        def training_step(self, batch, batch_idx):
            embedding, identity = gather_batch(self(batch.images), batch.identity)
            loss = self.loss(embedding + self.noise * torch.randn_like(embedding), identity).loss
            self.log("train/noisy", loss.detach(), batch_size=len(identity))
            return loss


    class Speckle(nn.Module):
        """Noise on the pixels, drawn from torch's generator."""

        def forward(self, image):
            return (image + torch.randint(-9, 9, image.shape)).clamp(0, 255).to(torch.uint8)


    class Signs(torch.optim.Optimizer):
        """Steps along the sign of a running mean of the gradient."""

        def __init__(self, params, lr: float, keep: float = 0.9):
            super().__init__(params, {"lr": lr, "keep": keep})

        @torch.no_grad()
        def step(self, closure=None):
            with torch.enable_grad():
                loss = closure() if closure is not None else None
            for group in self.param_groups:
                for weight in group["params"]:
                    mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                    mean.lerp_(weight.grad, 1 - group["keep"])
                    weight.sub_(group["lr"] * mean.sign())
            return loss


    class Scaled(PairHead):
        """Log odds by the scaled inner product; the scale is trained."""

        def __init__(self, embedding_dim: int):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(float(embedding_dim) ** 0.5))

        def forward(self, first, second):
            return self.scale * (first @ second.T)


    class Plain(PairHead):
        """The same without a weight."""

        def forward(self, first, second):
            return 5 * (first @ second.T)


    class Transposed(PairHead):
        def forward(self, first, second):
            return second @ first.T


    class NoHead(nn.Module):
        def forward(self, first, second):
            return first @ second.T


    def loss_by_rows(embedding, identity):
        return embedding.square().sum(1)


    def loss_of_two(embedding, identity):
        return embedding.sum(), embedding.mean()


    class Liar(nn.Module):
        feature_dim = 7

        def __init__(self, channels: int, spatial_size: int):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, images):
            return self.weight * images.flatten(1)[:, :9]


    def loss_without_gradient(embedding, identity):
        return embedding.detach().sum()


    class Centres(nn.Module):
        def __init__(self, classes: int, embedding_dim: int):
            super().__init__()
            self.centres = nn.Parameter(torch.randn(classes, embedding_dim))

        def forward(self, embedding, identity):
            return nn.functional.cross_entropy(embedding @ self.centres.T, identity)


    def smaller(image):
        return image[:, ::2]


    def as_floats(image):
        return image / 255


    def as_list(image):
        return image.tolist()


    class Features(nn.Module):
        feature_dim = 9

        def __init__(self, channels: int, spatial_size: int):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, images):
            return self.weight * images.flatten(1)[:, :9]


    class Pair(Features):
        def forward(self, images):
            return super().forward(images), images


    class HalfWeights(Features):
        def __init__(self, channels: int, spatial_size: int):
            super().__init__(channels, spatial_size)
            self.half()


    class HalfFeatures(Features):
        def forward(self, images):
            return super().forward(images).half()


    class NoBackbone:
        def __init__(self, channels: int, spatial_size: int): ...
    '''
CONF = {
    "optimizer/signs": "_target_: parts.Signs\n_partial_: true\nlr: 0.001\n",
    "head/scaled": "_target_: parts.Scaled\n",
    "head/plain": "_target_: parts.Plain\n",
    "head/transposed": "_target_: parts.Transposed\n",
    "head/no_head": "_target_: parts.NoHead\n",
    "loss/by_rows": "_target_: parts.loss_by_rows\n_partial_: true\n",
    "loss/of_two": "_target_: parts.loss_of_two\n_partial_: true\n",
    "loss/without_gradient": "_target_: parts.loss_without_gradient\n_partial_: true\n",
    "loss/centres": "_target_: parts.Centres\n",
    **{
        f"backbone/{name}": f"_target_: parts.{name}\nchannels: 3\nspatial_size: 32\n"
        for name in ("Pair", "HalfWeights", "HalfFeatures")
    },
    "backbone/liar": "_target_: parts.Liar\nchannels: 3\nspatial_size: 32\n",
    "backbone/no_backbone": "_target_: parts.NoBackbone\nchannels: 3\nspatial_size: 32\n",
    "data/nothing": "_target_: parts.NoBackbone\nchannels: 3\nspatial_size: 32\n",
}
TRAIN = ["train", "--config-dir", "my_conf"]
SHORT = ["trust=[parts]", *TINY, "trainer.max_steps=6", "trainer.val_check_interval=3", "checkpoints.every=2"]
MEASURED = [one for one in TINY if one.startswith(("evaluation.", "loader."))]
OWN = [
    "task._target_=parts.NoisyTask",
    "+task.noise=0.2",
    "+augment.speckle={_target_: parts.Speckle}",
    "optimizer=signs",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(
        tmp_path_factory.mktemp("parts"),
        {"parts.py": PARTS, **{f"my_conf/{name}.yaml": text for name, text in CONF.items()}},
        before=blank_figures_from_now_on,
    )


def test_a_task_an_augmentation_and_an_optimizer_train_and_go_on_to_the_same_bits(place: Place) -> None:
    command = [*TRAIN, *SHORT, *OWN, "scheduler=constant"]
    whole = place.folder_of(*command, "runs_dir=whole")
    assert "train/noisy" in (whole / "metrics.csv").read_text()
    unfinished = place.killed(*command, after=2)
    assert place.folder_of(*command, "runs_dir=killed").samefile(unfinished)
    assert left_behind(unfinished) == left_behind(whole)
    results = json.loads((whole / "results.json").read_text())["trained"]
    measured = place.folder_of("evaluate", str(whole), "--trust", "parts", "runs_dir=measured", *MEASURED)
    assert json.loads((measured / "results.json").read_text())[whole.name] == results
    assert place.likeness("report", str(whole)).returncode == 1  # the task's file says how it is shown
    assert place.likeness("report", str(whole), "--trust", "parts").returncode == 0


@pytest.mark.parametrize("head", ["scaled", "plain"])
def test_a_head_is_trained_and_measured(place: Place, head: str) -> None:
    run = place.folder_of(*TRAIN, *SHORT, "task=similarity", f"head={head}", f"name={head}")
    results = json.loads((run / "results.json").read_text())
    assert set(results) == {"trained", "its distance", "untrained", "raw pixels"}
    assert "train/loss" in (run / "metrics.csv").read_text()


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["task=similarity", "head=transposed"],
            "head._target_=parts.Transposed gives [2, 12] for 12 embeddings and 2 others; give log odds [12, 2].",
        ),
        (
            ["task=similarity", "head=no_head"],
            "head._target_=parts.NoHead is no likeness.models.similarity.PairHead; derive it from that.",
        ),
        (
            ["loss=by_rows"],
            "loss._target_=parts.loss_by_rows gives no single number; give a floating-point tensor with no axis.",
        ),
        (
            ["loss=of_two"],
            "loss._target_=parts.loss_of_two won't do: a loss gives a tensor, or a named tuple with a field loss, not",
        ),
        (
            ["backbone=liar"],
            "backbone._target_=parts.Liar gives features [2, 9] of 2 images; its feature_dim promises [2, 7].",
        ),
        (
            ["loss=without_gradient"],
            "loss._target_=parts.loss_without_gradient gives a number without a gradient; compute it from what it is "
            "given, nothing of it detached.",
        ),
        (
            ["loss=centres", "+loss.classes=5"],
            "loss._target_=parts.Centres has loss.classes=5 for 12 identities to train on; leave it out.",
        ),
        (
            ["task=similarity", "head=scaled", "loss=centres"],
            "loss._target_=parts.Centres takes embeddings [12, 128], and task=similarity has log odds of all pairs, "
            "[12, 12]; choose task=embedding, or a loss of pairs.",
        ),
        (
            ["+augment.mine={_target_: parts.smaller, _partial_: true}"],
            "augment.mine._target_=parts.smaller gives torch.uint8 [3, 16, 32] of an image torch.uint8 [3, 32, 32]; "
            "give one of the same kind and shape.",
        ),
        (
            ["+augment.mine={_target_: parts.as_floats, _partial_: true}"],
            "gives torch.float32 [3, 32, 32] of an image torch.uint8 [3, 32, 32]",
        ),
        (
            ["+augment.mine={_target_: parts.as_list, _partial_: true}"],
            "augment.mine._target_=parts.as_list gives a list of an image torch.uint8 [3, 32, 32]",
        ),
        (
            ["backbone=Pair"],
            "backbone._target_=parts.Pair gives a tuple; give features [2, 9], torch.float32.",
        ),
        (
            ["backbone=HalfWeights"],
            "backbone._target_=parts.HalfWeights has weights in torch.float16; give torch.float32, and choose less by "
            "trainer.precision.",
        ),
        (
            ["backbone=HalfFeatures"],
            "gives torch.float16 [2, 9]; give features [2, 9], torch.float32.",
        ),
        (
            ["backbone=no_backbone"],
            "backbone._target_=parts.NoBackbone gives no backbone, which is a torch module",
        ),
        (
            ["data=nothing"],
            "data._target_=parts.NoBackbone gives no data, which are a likeness.data.images.DataSplits.",
        ),
    ],
)
def test_what_breaks_a_contract_is_told_before_training(
    place: Place, overrides: list[str], sentence: str
) -> None:
    short = [one for one in SHORT if not one.startswith(overrides[-1].partition("=")[0])]
    done = place.likeness(*TRAIN, *short, *overrides, "runs_dir=nowhere")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (place.folder / "nowhere").exists()
