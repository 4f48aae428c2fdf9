"""Pictures of figures, drawn on the server as SVG: bars, and columns over time.

In: numbers and what they are called. Out: markup. Across, all is in per cent of the width, so that a picture fits a
phone without its letters shrinking; colours are classes of the style sheet, in light and dark. A picture has a title
and a description for who does not see it, and its page a table with the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from hanse.api.dashboard import figures

BAR_HEIGHT = 22
PLOT_HEIGHT = 190
PLOT_TOP = 28
TICKS_HEIGHT = 26
TICKS = 5
FORMS = {"hour": "%H:%M", "day": "%b %d"}


@dataclass(frozen=True)
class Span:
    """A part of a bar or column: its class in the style sheet, and how much it is."""

    style: str
    value: float


@dataclass(frozen=True)
class Column:
    """What stands at one time: parts above the zero line, parts below it, and what to say of them."""

    seconds: int
    up: tuple[Span, ...]
    down: tuple[Span, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class Timeline:
    """Columns of *unit* from one time to another, each *width_seconds* wide; *steps* are a dashed line.

    A step is from when on, until when, and which level it is; before the first there is no line.
    """

    columns: Sequence[Column]
    start_seconds: int
    end_seconds: int
    width_seconds: int
    tick_seconds: int
    form: str
    unit: str
    steps: Sequence[tuple[int, int, float]] = ()


def bar(spans: Sequence[Span], whole: float, title: str, *, mark: float | None = None, of: float = 0) -> Markup:
    """Return a bar of parts, on a track as long as *whole* of *of*; *mark* is a line across it."""
    longest = max(of, whole, sum(each.value for each in spans), mark or 0) or 1
    parts = [Markup('<rect class="track" x="0" y="3" width="{}%" height="16" rx="4"/>').format(_of(whole, longest))]
    at = 0.0
    for each in spans:
        if each.value:
            drawn = '<rect class="{}" x="{}%" y="3" width="{}%" height="16" rx="3"/>'
            parts.append(_drawn(drawn, each.style, _of(at, longest), _of(each.value, longest)))
        at += each.value
    if mark is not None:
        line = '<line class="mark" x1="{0}%" x2="{0}%" y1="0" y2="22"/>'
        parts.append(_drawn(line, min(99.7, max(0.3, float(_of(mark, longest))))))
    return _picture(title, parts, BAR_HEIGHT)


def timeline(shown: Timeline, title: str) -> Markup:
    """Return columns over time, with an axis that says how much."""
    scale = _Scale.of(shown)
    length = max(1, shown.end_seconds - shown.start_seconds)
    axis, plot = [], []
    for number in range(-scale.below, scale.above + 1):
        y = scale.y(number * scale.step)
        label = '<text class="tick" x="100%" dx="-8" y="{}" dy=".35em" text-anchor="end">{}</text>'
        axis.append(_drawn(label, y, figures.number(abs(number) * scale.step)))
        style = "grid" if number else "zero"
        plot.append(Markup('<line class="{0}" x1="0" x2="100%" y1="{1}" y2="{1}"/>').format(style, y))
    for each in shown.columns:
        x = _of(each.seconds - shown.start_seconds + shown.width_seconds * 0.1, length)
        plot += _column(each, x, _of(shown.width_seconds * 0.8, length), scale)
    plot += _stairs(shown, scale, length)
    plot += [_drawn('<text class="tick" x="0" y="12">{}</text>', shown.unit), *_times(shown, length)]
    height = PLOT_TOP + PLOT_HEIGHT + TICKS_HEIGHT
    left = Markup('<svg height="{}" aria-hidden="true">{}</svg>').format(height, Markup().join(axis))
    return Markup('<div class="chart">{}{}</div>').format(left, _picture(title, plot, height))


@dataclass(frozen=True)
class _Scale:
    """How high a figure stands: *above* and *below* steps of *step* from the zero line."""

    step: float
    above: int
    below: int

    @classmethod
    def of(cls, shown: Timeline) -> "_Scale":
        up = max([_sum(each.up) for each in shown.columns] + [level for *_, level in shown.steps] + [0])
        down = max([_sum(each.down) for each in shown.columns], default=0.0)
        step = _round((up + down) / TICKS)
        return cls(step, max(1, ceil(up / step - 1e-9)), ceil(down / step - 1e-9))

    def y(self, value: float) -> float:
        return round(PLOT_TOP + (self.above - value / self.step) / (self.above + self.below) * PLOT_HEIGHT, 1)


def _column(each: Column, x: str, width: str, scale: _Scale) -> list[Markup]:
    drawn = []
    for spans, sign in ((each.up, 1), (each.down, -1)):
        at = 0.0
        for span in spans:
            first, last = scale.y(sign * at), scale.y(sign * (at + span.value))
            at += span.value
            if span.value:
                rect = '<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"><title>{}</title></rect>'
                top, height = min(first, last), round(abs(last - first), 1)
                drawn.append(_drawn(rect, span.style, x, width, top, height, each.said))
    return drawn


def _stairs(shown: Timeline, scale: _Scale, length: int) -> list[Markup]:
    """Return the line of the steps: level, then up or down to the next one where that begins."""
    line = '<line class="entitled" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
    drawn, last = [], None
    for since, until, level in shown.steps:
        first, second = (_of(max(0, at - shown.start_seconds), length) for at in (since, until))
        if last is not None:
            drawn.append(_drawn(line, first, first, last, scale.y(level)))
        last = scale.y(level)
        drawn.append(_drawn(line, first, second, last, last))
    return drawn


def _times(shown: Timeline, length: int) -> list[Markup]:
    first = -(-shown.start_seconds // shown.tick_seconds) * shown.tick_seconds
    drawn = []
    for at in range(first, shown.end_seconds, shown.tick_seconds):
        share = (at - shown.start_seconds) / length
        if 0.03 < share < 0.97:  # noqa: PLR2004  # a label at the edge would be cut
            text = '<text class="tick" x="{}%" y="{}" text-anchor="middle" data-utc="{}" data-form="{}">{}</text>'
            said = figures.strftime(at, FORMS[shown.form])
            y = PLOT_TOP + PLOT_HEIGHT + 19
            drawn.append(_drawn(text, _of(at - shown.start_seconds, length), y, figures.iso(at), shown.form, said))
    return drawn


def _picture(title: str, parts: Sequence[Markup], height: int) -> Markup:
    drawn = '<svg role="img" aria-label="{}" height="{}">{}</svg>'
    return _drawn(drawn, title, height, Markup().join(parts))


def _drawn(form: str, *values: object) -> Markup:
    """Return markup of a form of this module's own; what stands in its braces is escaped."""
    return Markup(form).format(*values)  # noqa: S704  # as said


def _of(value: float, whole: float) -> str:
    return f"{value / whole * 100:.2f}"


def _sum(spans: Sequence[Span]) -> float:
    return sum(each.value for each in spans)


def _round(step: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that is no smaller."""
    if step <= 0:
        return 1.0
    power = 10.0 ** floor(log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if step <= factor * power * (1 + 1e-9))
