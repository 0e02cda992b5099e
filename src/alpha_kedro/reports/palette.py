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
