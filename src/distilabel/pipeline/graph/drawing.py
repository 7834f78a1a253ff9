"""Draws a pipeline as SVG, PNG or Mermaid text, without any online service."""

from collections.abc import Callable
from html import escape
from io import BytesIO
from math import atan2, cos, pi, sin
from pathlib import Path
from typing import Any

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.graph.layout import Arrow, Box, Picture, lay_out

__all__ = ["Drawn", "draw", "mermaid", "svg"]

_LINE, _FILL, _TEXT, _FAINT = "#0f766e", "#f0fdfa", "#134e4a", "#64748b"
_SCALE = 2
_HEAD = 9.0


class Drawn(str):
    """The path of a picture; a notebook shows the picture itself."""

    __slots__ = ("_svg",)
    _svg: str

    @classmethod
    def at(cls, path: Path, picture: str) -> "Drawn":
        """Return the path with its picture as SVG."""
        drawn = cls(path)
        drawn._svg = picture
        return drawn

    def _repr_svg_(self) -> str:
        return self._svg


def draw(dag: DAG, path: str | Path, *, top_to_bottom: bool, labels: bool) -> Drawn:
    """Write a picture of a graph in the format of the file's extension: .png, .svg, .mmd or .md."""
    writers: dict[str, Callable[[Picture], bytes]] = {
        ".png": _png,
        ".svg": lambda picture: svg(picture).encode(),
        ".mmd": lambda _: mermaid(dag, top_to_bottom=top_to_bottom, labels=labels).encode(),
        ".md": lambda _: (
            f"```mermaid\n{mermaid(dag, top_to_bottom=top_to_bottom, labels=labels)}```\n".encode()
        ),
    }
    target = Path(path)
    if target.suffix.lower() not in writers:
        raise DistilabelUserError(
            f"{target} cannot be drawn: use one of the file extensions {', '.join(writers)}."
        )
    if not dag.steps:
        raise DistilabelUserError("The pipeline has no steps to draw: create them inside `with Pipeline()`.")
    picture = lay_out(dag, top_to_bottom=top_to_bottom, labels=labels)
    content = writers[target.suffix.lower()](picture)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return Drawn.at(target, svg(picture))


def mermaid(dag: DAG, *, top_to_bottom: bool = False, labels: bool = True) -> str:
    """Return the graph as Mermaid text (https://mermaid.js.org), which many sites render."""
    number = {name: f"s{i}" for i, name in enumerate(dag.steps)}
    lines = [f"flowchart {'TD' if top_to_bottom else 'LR'}"]
    lines += [f'  {number[name]}["{name}<br/>{type(step).__name__}"]' for name, step in dag.steps.items()]
    for arrow in lay_out(dag, labels=labels).arrows:
        line = "-.->" if arrow.routed else "-->"
        text = f'|"{arrow.label}"|' if arrow.label else ""
        lines.append(f"  {number[arrow.start]} {line}{text} {number[arrow.end]}")
    return "\n".join(lines) + "\n"


def svg(picture: Picture) -> str:
    """Return a picture as SVG."""
    size = f"{picture.width:.0f} {picture.height:.0f}"
    width, height = size.split()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" text-anchor="middle">'
    )
    parts = [head, f'<rect width="{width}" height="{height}" fill="white"/>']
    parts += [_svg_arrow(arrow) for arrow in picture.arrows]
    parts += [_svg_box(box) for box in picture.boxes]
    return "\n".join([*parts, "</svg>\n"])


def _svg_box(box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    frame = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6" '
        f'fill="{_FILL}" stroke="{_LINE}"/>'
    )
    name = _svg_text(box.x, box.y - 3, box.name, 13, _TEXT)
    return frame + name + _svg_text(box.x, box.y + 13, box.kind, 11, _FAINT)


def _svg_text(x: float, y: float, text: str, size: int, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}">{escape(text)}</text>'


def _svg_arrow(arrow: Arrow) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow.points)
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in _head(arrow))
    dashes = ' stroke-dasharray="5 4"' if arrow.routed else ""
    x, y = _middle(arrow)
    label = _svg_text(x, y - 5, arrow.label, 11, _FAINT) if arrow.label else ""
    return f'<polyline points="{way}" fill="none" stroke="{_LINE}"{dashes}/><polygon points="{head}" fill="{_LINE}"/>{label}'


def _head(arrow: Arrow) -> list[tuple[float, float]]:
    (x0, y0), (x, y) = arrow.points[-2:]
    angle = atan2(y - y0, x - x0)
    sides = [(x - _HEAD * cos(angle + turn), y - _HEAD * sin(angle + turn)) for turn in (pi / 7, -pi / 7)]
    return [(x, y), *sides]


def _middle(arrow: Arrow) -> tuple[float, float]:
    (x0, y0), (x1, y1) = arrow.points[-2:]
    return (x0 + x1) / 2, (y0 + y1) / 2


def _png(picture: Picture) -> bytes:
    image_module, font_module = require("PIL.Image", "draw"), require("PIL.ImageFont", "draw")
    size = (round(picture.width * _SCALE), round(picture.height * _SCALE))
    image = image_module.new("RGB", size, "white")
    pen = require("PIL.ImageDraw", "draw").Draw(image)
    fonts = {size: font_module.load_default(size * _SCALE) for size in (11, 13)}
    for arrow in picture.arrows:
        _png_arrow(pen, arrow, fonts[11])
    for box in picture.boxes:
        corners = _scaled(
            (box.x - box.width / 2, box.y - box.height / 2), (box.x + box.width / 2, box.y + box.height / 2)
        )
        pen.rounded_rectangle(corners, radius=6 * _SCALE, fill=_FILL, outline=_LINE, width=_SCALE)
        pen.text(*_scaled((box.x, box.y - 8)), box.name, fill=_TEXT, font=fonts[13], anchor="mm")
        pen.text(*_scaled((box.x, box.y + 9)), box.kind, fill=_FAINT, font=fonts[11], anchor="mm")
    return _as_png(image)


def _png_arrow(pen: Any, arrow: Arrow, font: Any) -> None:
    pen.line(_scaled(*arrow.points), fill=_LINE, width=_SCALE)
    pen.polygon(_scaled(*_head(arrow)), fill=_LINE)
    x, y = _middle(arrow)
    pen.text(*_scaled((x, y - 9)), arrow.label, fill=_FAINT, font=font, anchor="mm")


def _scaled(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x * _SCALE, y * _SCALE) for x, y in points]


def _as_png(image: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()
