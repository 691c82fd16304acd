"""What the documents say is so: links and paths lead somewhere, commands are right, and Python runs.

A command in a sh block is run on a small run, or composed and checked against the schema, or looked up in the Makefile.
One that none of this covers needs a comment on the line before the block that says why it isn't run:
`<!-- not run: REASON -->`. A Python block is run, or has the same comment; then its imports are still looked up.
"""

import ast
import importlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

import pytest
import typer
import warm
from hydra.core.override_parser.overrides_parser import OverridesParser
from PIL import Image
from tiny import TINY
from typer.testing import CliRunner

from likeness.cli import app
from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.groups import CONF
from likeness.config.help import EXAMPLES
from likeness.config.make import plain
from likeness.config.schema.detection import DetectionEvaluateConfig
from likeness.config.schema.embedding import EvaluateConfig
from likeness.config.schema.inspection import InspectConfig, ProbeConfig
from likeness.data.drawn_faces import drawn_faces
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.runs.record.record_file import read_record, write_record
from likeness.runs.sweep.plan import make_plan

ROOT = CONF.parent
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
    *sorted(ROOT.glob("experiments/**/README.md")),
]
NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
TREE = "text"  # the language of a block that shows the folders
PATH = re.compile(r"(src|conf|experiments|examples|docs|tests)/[\w./-]*")
SUBCOMMANDS = typer.main.get_command(app).commands
DETECTORS = ("mtcnn", "tiny_faces", "face_rcnn", "pyramidbox")
EXPERIMENTS = {path.stem for path in CONF.glob("experiment/*.yaml")}
LOOKING_IN = {"inspect": InspectConfig, "probe": ProbeConfig}
RUNNABLE = ("compare", "evaluate", "report", "reproduce", "resume", "runs", "verify")


class Block(NamedTuple):
    """A fenced block: the number of its first line, its language, its text, and whether it says that it is not run."""

    line: int
    language: str
    text: str
    marked: bool


class Shown(NamedTuple):
    """A command or a snippet, and where it stands."""

    where: str
    text: str
    marked: bool


def blocks(text: str) -> Iterator[Block]:
    lines, at = text.splitlines(), 0
    while at < len(lines):
        if lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            marked = at > 0 and NOT_RUN.fullmatch(lines[at - 1]) is not None
            yield Block(at + 2, lines[at][3:], "\n".join(lines[at + 1 : end]), marked)
            at = end
        at += 1


def prose(text: str) -> str:
    """What stands outside of the blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def inline(text: str) -> list[str]:
    """The pieces of code within the prose."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(text))


def commands(text: str) -> list[str]:
    """The commands of a sh block, without comments; one that goes on over several lines is one."""
    lines = (shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines())
    return [shlex.join(words) for words in lines if words]


# Links and paths


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> list[str]:
    """The links, to images too, that lead to no file, or to no heading of it."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text())):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = document.parent / path if path else document
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            found.append(target)
    return found


def missing_paths(text: str) -> list[str]:
    """The paths of the project in backticks at which nothing is."""
    return [code for code in inline(text) if PATH.fullmatch(code) and not (ROOT / code).exists()]


def missing_in_tree(text: str) -> list[str]:
    """The paths of a drawn tree, folders within folders by their indent, at which nothing is."""
    above: list[tuple[int, str]] = []
    found = []
    for line in text.splitlines():
        indent, name = len(line) - len(line.lstrip()), line.split()[0]
        above = [(depth, folder) for depth, folder in above if depth < indent]
        path = "".join(folder for _, folder in above) + name
        above.append((indent, name))
        if not (ROOT / path).exists() or name.endswith("/") != (ROOT / path).is_dir():
            found.append(path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    assert broken_links(document) == []
    assert missing_paths(text) == []
    assert [path for one in blocks(text) if one.language == TREE for path in missing_in_tree(one.text)] == []


def test_a_link_or_a_path_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "# Two words, one\n[a](page.md#two-words-one) [b](#two-words-one) [c](gone.md) [d](page.md#two)"
        " [e](https://example.org/x)\n```\n[f](gone.md)\n```\n"
    )
    assert broken_links(document) == ["gone.md", "page.md#two"]
    assert missing_paths("`src/likeness/cli.py` `conf/loss/` `conf/gone.yaml` `a/b`") == ["conf/gone.yaml"]
    assert missing_in_tree("src/likeness/\n    cli.py  x\n    runs/  y\n    gone.py\ncli.py") == [
        "src/likeness/gone.py",
        "cli.py",
    ]


# Numbers

ACCURACY = "verification/accuracy"


@pytest.mark.parametrize(
    ("linked", "experiment", "encoder", "metric"),
    [
        ("triplet_hard", "triplet_hard", "trained", ACCURACY),
        ("triplet_hard", "triplet_hard", "raw pixels", ACCURACY),
        ("celeba_to_lfw", "celeba_to_lfw", "trained", ACCURACY),
        ("celeba_to_lfw", "celeba_to_lfw", "untrained", ACCURACY),
        ("faces_similarity", "faces_similarity", "trained", ACCURACY),
        ("faces_similarity", "faces_similarity_chi2", "trained", ACCURACY),
        ("oneshot_triplet", "oneshot_triplet", "trained", "oneshot_within/20way1shot"),
        ("oneshot_triplet", "oneshot_triplet", "trained", "oneshot_across/20way1shot"),
    ],
)
def test_the_results_in_the_readme_are_those_of_the_experiments(
    linked: str, experiment: str, encoder: str, metric: str
) -> None:
    (row,) = re.findall(rf"^\| \[`{linked}`\].*$", DOCUMENTS[0].read_text(), re.MULTILINE)
    evidence = json.loads((ROOT / "experiments" / experiment / "results.json").read_text())
    values = [100 * value for value in evidence["results"][encoder][metric]["values"]]
    said = f"{mean(values):.1f}%"
    if encoder == "trained" and len(values) > 1:
        said += f" ± {stdev(values):.1f}"
    assert said in row
    assert f"{len(values)} seed" in row


# Commands


def shown(language: str) -> list[Shown]:
    return [
        Shown(f"{document.relative_to(ROOT)}:{block.line}", block.text, block.marked)
        for document in DOCUMENTS
        for block in blocks(document.read_text())
        if block.language == language
    ]


def all_commands() -> list[Shown]:
    """Each command of the documents and of the help once, with the first place where it stands."""
    found = [Shown("help", line, False) for line in commands(EXAMPLES) if line.startswith("python")]
    found += [Shown(one.where, command, one.marked) for one in shown("sh") for command in commands(one.text)]
    return list({(one.text, one.marked): one for one in reversed(found)}.values())


def words_of(command: str) -> list[str]:
    """The words of a command, without variables set for it, `likeness` for each way to call it."""
    words = shlex.split(re.sub(r"^(\w+=\S+ )+", "", command))
    for way in (["python", "train.py"], ["python", "-m", "likeness"]):
        if words[: len(way)] == way:
            return ["likeness", *(["train"] if "train.py" in way else []), *words[len(way) :]]
    return words


def checked(command: str) -> bool:
    """Whether the command, or its overrides, could be checked here without running it; whatever is wrong is raised."""
    match words_of(command):
        case ["make", target, *variables]:
            check_make(target, dict(one.split("=", 1) for one in variables))
        case ["likeness", "train", *words]:
            if "--config-dir" in words:  # of parts that are not the project's
                return False
            check_train(words)
        case ["likeness", "gallery", name, *words]:
            SUBCOMMANDS["gallery"].commands[name].make_context(name, words)
        case ["likeness", name, *words]:
            given = parsed(name, words)
            if name == "stylize":
                check_stylize(given["method"], given["overrides"] or [])
            elif name == "find":
                training_config(given["overrides"] or [])
            elif name in LOOKING_IN:
                check_looking_in(name, str(given["network"]), given["overrides"] or [])
            elif name in ("cluster", "enrol", "export", "identify", "serve") or given.get("gallery"):
                pass  # what they take is right; tests/applications holds what they do
            elif name == "evaluate" and str(given["encoder"]).endswith(".onnx"):
                own = [f"backbone.path={given['encoder']}", *(given["overrides"] or [])]
                check(plain(composed("evaluate", own)), EvaluateConfig)
            elif name == "evaluate" and Path(str(given["encoder"])).parent.name in DETECTORS:
                check(
                    plain(composed("evaluate_detection", given["overrides"] or [])), DetectionEvaluateConfig
                )
            else:
                return False
        case _:
            return False
    return True


def is_run(command: str) -> bool:
    """Whether the command is run here, on a small run."""
    match words_of(command):
        case ["likeness", name, *words]:
            absent = {"--trust", "--detector"} & set(words)  # parts and weights that are not here
            return name in RUNNABLE and not absent and not any(word.endswith(".onnx") for word in words)
    return False


def check_make(target: str, variables: dict[str, str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make has no target {target}"
    for name, value in variables.items():
        assert f"$({name})" in makefile, f"no target takes {name}"
        if name in ("EXPERIMENT", "NAME"):
            check_train([f"+experiment={value}"])


def check_train(words: Sequence[str]) -> None:
    if "--help" in words:
        return
    overrides = [word for word in words if word not in ("-m", "--multirun")]
    if "-m" in words or any(word.startswith("+sweep=") for word in words):
        parsed_overrides = OverridesParser.create().parse_overrides(overrides)
        make_plan(parsed_overrides, training_config, beside=False, config_dir=None)
    else:
        training_config(overrides)


def check_looking_in(name: str, network: str, words: Sequence[str]) -> None:
    """What a run fills in, as its data and network, is as in the command's own configuration."""
    weights = [] if Path(network).parent.name in EXPERIMENTS else [f"backbone.weights={network}"]
    check(plain(composed(name, [*weights, *words])), LOOKING_IN[name])


def check_stylize(method: str, words: Sequence[str]) -> None:
    experiment = {"optimize": "style_transfer"}.get(method, method)
    training_config([f"+experiment={experiment}", *words])


def parsed(name: str, words: Sequence[str]) -> dict[str, object]:
    """The arguments of a subcommand by their names; raises for one that it does not take."""
    return dict(SUBCOMMANDS[name].make_context(name, list(words)).params)


def fill(folder: Path) -> None:
    """Put the files that the documents name into a folder."""
    sizes = {"identities": 6, "pictures_per_identity": 6, "validation_identities": 2, "test_identities": 2}
    faces = drawn_faces(**sizes, seed=5, image_size=64, channels=3).train
    assert faces is not None
    for root in ("pictures", "others"):
        for identity in range(6):
            (folder / root / f"{identity}").mkdir(parents=True)
            for number, face in enumerate(faces.load(range(6 * identity, 6 * identity + 6))):
                image = Image.fromarray(face.permute(1, 2, 0).numpy())
                image.save(folder / root / f"{identity}" / f"{number}.png")
                image.save(folder / ("A.jpg" if number % 2 else "B.jpg"))
    same = [f"others/{i}/{j}.png,others/{i}/{j + 1}.png,1" for i in range(6) for j in range(2)]
    two = [f"others/{i}/{j}.png,others/{i + 1}/{j}.png,0" for i in range(5) for j in range(3)]
    (folder / "pairs.csv").write_text("\n".join(["first,second,same", *same, *two]) + "\n")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the documents name: images, pairs, two small runs and an unfinished one."""
    folder = tmp_path_factory.mktemp("documents")
    fill(folder)
    small = [*TINY, "backbone.spatial_size=64", "trainer.max_steps=4", "trainer.val_check_interval=4"]
    runs = folder / "runs" / "triplet_hard"
    for name, seed in (("RUN", 0), ("OTHER", 1)):
        words = ["+experiment=triplet_hard", *small, "evaluation.far=0.1", f"seed={seed}"]
        done = warm.run([str(ROOT / "train.py"), *words], folder, {})
        assert done.returncode == 0, done.stderr
        (runs / name).symlink_to(done.stdout.splitlines()[-1].rpartition("/")[2])
    unfinished = runs / "UNFINISHED"  # as one that was killed while it was measured
    shutil.copytree(runs / "RUN", unfinished)
    (unfinished / "results.json").unlink()
    write_record(unfinished, {**read_record(unfinished), "status": "running"})
    return folder


@pytest.mark.parametrize("one", all_commands(), ids=lambda one: f"{one.where} {one.text}"[:90])
def test_a_command_is_right(one: Shown, request: pytest.FixtureRequest, monkeypatch) -> None:
    if checked(one.text) or one.marked:
        return
    assert is_run(one.text), (
        f"nothing tests it; if nothing can, put <!-- not run: REASON --> before {one.where}"
    )
    monkeypatch.chdir(request.getfixturevalue("workplace"))
    done = CliRunner().invoke(app, words_of(one.text)[1:])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_within_a_sentence_is_right(document: Path) -> None:
    for code in inline(document.read_text()):
        if re.fullmatch(r"likeness \w+", code):
            assert code.split()[1] in {"train", *SUBCOMMANDS}
        elif re.match(r"(likeness|python train\.py|make) (?!.*\.\.\.)", code):
            checked(code)


def test_a_block_says_that_it_is_not_run_only_where_it_is_not() -> None:
    needless = [
        one.where
        for one in shown("sh")
        if one.marked and all(checked(command) or is_run(command) for command in commands(one.text))
    ]
    assert needless == []


WRONG: list[tuple[str, type[Exception]]] = [
    ("make trian", AssertionError),
    ("make train EXPERIMENT=triplet_hrad", LikenessError),
    ("make train EXPERIMNT=triplet_hard", AssertionError),
    ("python train.py +experiment=triplet_hard loss.margn=0.3", LikenessError),
    ("likeness train +experiment=triplet_hard loss.margin=wide", LikenessError),
    ("likeness train -m +experiment=triplet_hard loss.margin=0.1,wide", LikenessError),
    ("likeness train +experiment=triplet_hard +sweep=tpe seed=0,1", LikenessError),
    ("likeness stylize a.jpg b.jpg -o out.png data.siezs=[256]", LikenessError),
    ("likeness evaluate encoder.onnx data=lwf", LikenessError),
    ("likeness inspect runs/triplet_hard/RUN show_unit=3", LikenessError),
    ("likeness probe runs/triplet_hard/RUN show_units=3", LikenessError),
    ("likeness report runs/triplet_hard/RUN --html", Exception),
    ("likeness judge runs/triplet_hard/RUN", KeyError),
]


@pytest.mark.parametrize(("command", "error"), WRONG)
def test_a_wrong_command_is_found(command: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        checked(command)


def test_what_nothing_tests_is_known_as_such() -> None:
    for command in ("wandb login", "python experiments/x.py", "likeness dashboard runs"):
        assert not checked(command)
        assert not is_run(command)
    text = "<!-- not run: a reason -->\n```sh\nwandb login \\\n  now  # twice\n```\n\n```sh\nls\n```\n"
    assert [(one.marked, commands(one.text)) for one in blocks(text)] == [
        (True, ["wandb login now"]),
        (False, ["ls"]),
    ]
    assert not next(blocks("<!-- not run: -->\n```sh\nls\n```\n")).marked


# Python


@pytest.mark.parametrize("one", shown("python"), ids=lambda one: one.where)
def test_python_runs(one: Shown, request: pytest.FixtureRequest, monkeypatch) -> None:
    if one.marked:
        for statement in ast.walk(ast.parse(one.text)):
            if isinstance(statement, ast.ImportFrom) and statement.module is not None:
                module = importlib.import_module(statement.module)
                assert all(hasattr(module, name.name) for name in statement.names)
        return
    monkeypatch.chdir(request.getfixturevalue("workplace"))
    exec(compile(one.text, one.where, "exec"), {"__name__": "__main__"})
