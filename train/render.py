"""Texts from the templates in `train/templates`."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

NOT_MEASURED = "not measured"


def percent(share: float | None, digits: int = 1) -> str:
    """0.6701 as "67.0 %"; None as "not measured"."""
    return NOT_MEASURED if share is None else f"{share:.{digits}%}".replace("%", " %")


def percents(limits: list[float]) -> str:
    """[0.655, 0.685] as "65.5 to 68.5 %"."""
    low, high = limits
    return f"{100 * low:.1f} to {percent(high)}"


def decimals(value: float | None, digits: int = 3) -> str:
    """0.6271 as "0.627"; None as "not measured"."""
    return NOT_MEASURED if value is None else f"{value:.{digits}f}"


_templates = Environment(
    loader=PackageLoader("train"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters |= {"percent": percent, "percents": percents, "decimals": decimals}


def render(template: str, **values: Any) -> str:
    """The text of one template; a value that it asks for and does not get is an error."""
    return _templates.get_template(template).render(values)
