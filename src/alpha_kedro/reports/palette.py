"""Colours that colour-blind readers tell apart, each with one meaning."""

OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
)
"""M. Okabe and K. Ito, Color Universal Design (2008), without the black."""

BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, YELLOW = OKABE_ITO
GREY = "#808080"
SLATE = "#5F6B7A"

NET, GROSS, BENCHMARK = BLUE, SKY, GREY
MEASURED, AVERAGED, WHISKER = SKY, BLUE, SLATE
TRAIN, GAP, TEST = SKY, ORANGE, BLUE

DIVERGING = ((0.0, VERMILLION), (0.5, "#FFFFFF"), (1.0, BLUE))
"""Losses to gains; read with the printed numbers, never alone."""

BAND = "rgba(0, 114, 178, 0.16)"
LOSS_BAND = "rgba(213, 94, 0, 0.22)"


def between(steps: int) -> list[str]:
    """Return colours from the lowest to the highest of ordered things, grey midway."""
    places = [step / max(steps - 1, 1) for step in range(steps)]
    return [
        _mixed(VERMILLION, GREY, 2 * at) if at < 0.5 else _mixed(GREY, BLUE, 2 * at - 1)
        for at in places
    ]


def apart(things: int) -> list[str]:
    """Return colours for things to be told apart; shades where they are many."""
    return list(OKABE_ITO[:things]) if things <= len(OKABE_ITO) else between(things)


def _mixed(one: str, other: str, share: float) -> str:
    """Return a colour on the way from one to another."""
    parts = [(int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)) for c in (one, other)]
    return "#" + "".join(
        f"{round(a + share * (b - a)):02X}" for a, b in zip(*parts, strict=True)
    )
