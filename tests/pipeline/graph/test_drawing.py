"""Pictures of pipelines: nothing overlaps, every step and arrow is there, and no network is asked."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.plain import Add, Same, line

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelUserError
from distilabel.pipeline import Pipeline, sample_n_steps
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.graph.drawing import mermaid
from distilabel.pipeline.graph.layout import lay_out
from distilabel.steps import CombineOutputs, LoadDataFromDicts

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def diamond() -> Pipeline:
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"n": 1}])
        load >> sample_n_steps(1) >> [Add(name="left"), Add(name="right")]
        pipeline.dag.steps["left"] >> CombineOutputs(name="end")
        load >> Same(name="long-way")
    return pipeline


@st.composite
def dags(draw) -> DAG:
    dag = DAG()
    for i in range(draw(st.integers(1, 9))):
        dag.steps[f"s{i}"] = Same(name=f"s{i}")
        for before in draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else ():
            dag.edges.append((f"s{before}", f"s{i}"))
    return dag


@settings(max_examples=100, deadline=None)
@given(dag=dags(), down=st.booleans())
def test_no_two_boxes_overlap_and_all_lie_within_the_picture_and_arrows_go_forward(dag: DAG, down: bool):
    picture = lay_out(dag, top_to_bottom=down)
    assert [box.name for box in picture.boxes] == list(dag.steps)
    assert [(arrow.start, arrow.end) for arrow in picture.arrows] == dag.edges
    for box in picture.boxes:
        assert box.x - box.width / 2 >= 0
        assert box.x + box.width / 2 <= picture.width
        assert box.y - box.height / 2 >= 0
        assert box.y + box.height / 2 <= picture.height
    for i, one in enumerate(picture.boxes):
        for other in picture.boxes[i + 1 :]:
            beside = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert beside or abs(one.y - other.y) >= (one.height + other.height) / 2
    for arrow in picture.arrows:
        along = [point[1] if down else point[0] for point in arrow.points]
        assert along == sorted(set(along))


@pytest.mark.parametrize("down", [False, True])
def test_svg_shows_each_step_and_its_class(diamond: Pipeline, tmp_path: Path, down: bool):
    path = diamond.draw(tmp_path / "deep" / "p.svg", top_to_bottom=down)
    assert path == str(tmp_path / "deep" / "p.svg")
    tree = ET.parse(path)
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert {"load", "left", "right", "end", "long-way", "CombineOutputs", "n"} <= set(texts)
    assert len(list(tree.iter(f"{SVG}polyline"))) == len(diamond.dag.edges)
    assert len([p for p in tree.iter(f"{SVG}polyline") if p.get("stroke-dasharray")]) == 3


def test_labels_may_be_left_out(diamond: Pipeline, tmp_path: Path):
    diamond.draw(tmp_path / "p.svg", show_edge_labels=False)
    assert ">n<" not in (tmp_path / "p.svg").read_text()


def test_png_is_a_picture_of_the_same_shape(
    diamond: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    assert diamond.draw() == "pipeline.png"
    picture = lay_out(diamond.dag)
    with Image.open("pipeline.png") as image:
        assert image.size == (round(2 * picture.width), round(2 * picture.height))
        box = picture.boxes[0]
        corner = (round(2 * (box.x - box.width / 2) + 12), round(2 * (box.y - box.height / 2) + 6))
        assert image.getpixel(corner) == (0xF0, 0xFD, 0xFA)
        assert image.getpixel((1, 1)) == (255, 255, 255)


def test_png_without_its_package_says_what_to_install(
    diamond: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "PIL.Image", raising=False)
    with pytest.raises(DistilabelMissingPackageError, match=r"pip install 'distilabel\[draw\]'"):
        diamond.draw(tmp_path / "p.png")
    assert not (tmp_path / "p.png").exists()


def test_mermaid_is_text_that_needs_no_escaping(diamond: Pipeline, tmp_path: Path):
    diamond.draw(tmp_path / "p.mmd", top_to_bottom=True)
    text = (tmp_path / "p.mmd").read_text()
    assert text.startswith("flowchart TD\n")
    assert '  s0["load<br/>LoadDataFromDicts"]\n' in text
    assert '  s0 -.->|"n"| s1\n' in text
    assert "  s1 --> s3\n" in text
    assert mermaid(diamond.dag).startswith("flowchart LR\n")
    diamond.draw(tmp_path / "p.md", top_to_bottom=True)
    assert (tmp_path / "p.md").read_text() == f"```mermaid\n{text}```\n"


def test_a_notebook_is_given_the_picture(diamond: Pipeline, tmp_path: Path):
    drawn = diamond.draw(tmp_path / "p.svg")
    assert drawn._repr_svg_() == (tmp_path / "p.svg").read_text()


@pytest.mark.parametrize("name", ["p.gif", "p"])
def test_other_endings_are_refused(diamond: Pipeline, tmp_path: Path, name: str):
    with pytest.raises(
        DistilabelUserError, match=r"use one of the file extensions \.png, \.svg, \.mmd, \.md\."
    ):
        diamond.draw(tmp_path / name)


def test_nothing_cannot_be_drawn(tmp_path: Path):
    with pytest.raises(DistilabelUserError, match="has no steps to draw"):
        Pipeline("p").draw(tmp_path / "p.svg")


def test_name_in_a_picture_is_escaped(tmp_path: Path):
    add = Add(name="add", input_mappings={"n": "<n> & more"})
    line(tmp_path, add).draw(tmp_path / "p.svg")
    assert "&lt;n&gt; &amp; more" in (tmp_path / "p.svg").read_text()
