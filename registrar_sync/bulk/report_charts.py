"""Drawings in a page: SVG of plain shapes, coloured by the style sheet, each with its text for those who do not see it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from registrar_sync.bulk.markup import e

_WIDE, _HIGH, _FOOT, _HEAD = 360, 150, 18, 16
_WEEK_S = 7 * 86400


def stacked(parts: Iterable[tuple[str, str, int]], *, of: int) -> str:
    """A bar of parts (tone, what it is, number) of a whole. The smallest part is seen, too."""
    there = [(tone, said, number) for tone, said, number in parts if number]
    widths = [max(100 * number / of, 1) for _, _, number in there]
    fit = min(1.0, 100 / sum(widths)) if widths else 1.0
    x, rects = 0.0, []
    for (tone, _, _), width in zip(there, widths, strict=True):
        rects.append(f'<rect class="{e(tone)}" x="{x:.2f}" width="{width * fit:.2f}" height="10"/>')
        x += width * fit
    return _bar("".join(rects), ", ".join(f"{number:,} {said}" for _, said, number in there))


def histogram(labels: Sequence[str], counts: Sequence[int], *, said: str) -> str:
    """Upright bars, their numbers above and ``labels`` below. ``said``: all of it in a sentence."""
    step = _WIDE / len(counts)
    most = max(*counts, 1)
    shapes = []
    for at, (label, count) in enumerate(zip(labels, counts, strict=True)):
        high = (_HIGH - _FOOT - _HEAD) * count / most
        high = max(high, 1.5) if count else 0
        left, middle, top = at * step, (at + 0.5) * step, _HIGH - _FOOT - high
        if count:
            shapes.append(
                f'<rect class="calm" x="{left + 2:.1f}" y="{top:.1f}" width="{step - 4:.1f}" height="{high:.1f}" rx="1.5"/>'
            )
            shapes.append(f'<text x="{middle:.1f}" y="{top - 4:.1f}">{_short(count)}</text>')
        shapes.append(f'<text class="tick" x="{middle:.1f}" y="{_HIGH - 5}">{e(label)}</text>')
    foot = f'<line x1="0" x2="{_WIDE}" y1="{_HIGH - _FOOT}" y2="{_HIGH - _FOOT}"/>'
    box = f'viewBox="0 0 {_WIDE} {_HIGH}"'
    return f'<svg class="histogram" {box} role="img" aria-label="{e(said)}">{"".join(shapes)}{foot}</svg>'


def against(took_s: float, ttl_s: float, *, said: str) -> str:
    """How long it took over how long an old answer may be kept, each as the length of a bar; lengths grow with the logarithm,
    from a second to a week."""
    bars = f'<rect class="none" y="0" width="{_length(ttl_s):.1f}" height="10"/>'
    bars += f'<rect class="calm" y="2.5" width="{_length(took_s):.1f}" height="5"/>'
    return _bar(bars, said)


def _bar(shapes: str, said: str) -> str:
    box = 'viewBox="0 0 100 10" preserveAspectRatio="none"'
    return f'<svg class="bar" {box} role="img" aria-label="{e(said)}">{shapes}</svg>'


def _length(seconds: float) -> float:
    return 100 * min(1.0, math.log(max(seconds, 1.0) + 1) / math.log(_WEEK_S))


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"
