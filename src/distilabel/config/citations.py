"""Makes BibTeX entries of the section `References` in the docstrings of classes, without any network access."""

import inspect
import re
from collections.abc import Iterable, Iterator

__all__ = ["citations", "references"]

_SECTION = re.compile(r"^References:\n((?:[ \t]+.*\n?|\n)*)", re.MULTILINE)
_ENTRY = re.compile(
    r"(?P<title>[^\s].*?)[\s,:(<\]`]*(?P<url>https?://[^\s,)>`]+)[),.>`_]*(?:\s|$)", re.DOTALL
)
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")


def references(documented: type) -> dict[str, str]:
    """Return the titles in the section `References` of a class's docstring, by URL.

    An entry is a title and a URL. A URL without a title, such as the page of a platform, is not a work to cite.

    Examples:
        >>> class Judge:
        ...     '''Judge answers.
        ...
        ...     References:
        ...         Judging LLM-as-a-Judge, https://arxiv.org/abs/2306.05685
        ...     '''
        >>> references(Judge)
        {'https://arxiv.org/abs/2306.05685': 'Judging LLM-as-a-Judge'}
    """
    section = _SECTION.search(inspect.cleandoc(documented.__doc__ or ""))
    text = re.sub(r"(?<![^\s,])(?=https?://)", " ", section[1]) if section else ""
    return dict(_entries(text))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    for entry in _ENTRY.finditer(f" {text}"):
        title = " ".join(entry["title"].split()).strip("-*[`, ")
        if title and "://" not in title:
            yield entry["url"].rstrip("."), title


def citations(classes: Iterable[type]) -> list[str]:
    """Return a BibTeX entry for each work in the references of classes and of their bases, each once.

    Examples:
        >>> class Judge:
        ...     '''Judge answers.
        ...
        ...     References:
        ...         Judging LLM-as-a-Judge, https://arxiv.org/abs/2306.05685
        ...     '''
        >>> print(*citations([Judge, Judge]))
        @misc{arxiv-2306.05685,
          title = {Judging LLM-as-a-Judge},
          eprint = {2306.05685},
          archivePrefix = {arXiv},
          url = {https://arxiv.org/abs/2306.05685}
        }
    """
    works: dict[str, str] = {}
    for cls in classes:
        for owner in cls.__mro__:
            works |= references(owner)
    return [_bibtex(url, title) for url, title in works.items()]


def _bibtex(url: str, title: str) -> str:
    arxiv = _ARXIV.search(url)
    key = f"arxiv-{arxiv[1]}" if arxiv else "-".join(re.findall(r"[a-z0-9]+", title.lower())[:6])
    eprint = {"eprint": arxiv[1], "archivePrefix": "arXiv"} if arxiv else {}
    fields = {"title": title.replace("{", "").replace("}", ""), **eprint, "url": url}
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}\n}}"
