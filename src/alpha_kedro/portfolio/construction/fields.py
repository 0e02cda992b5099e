"""Parameters that several kinds of construction share."""

from typing import Annotated

from pydantic import Field

LongGross = Annotated[float, Field(ge=0, le=10, description="long leg, share of NAV")]

ShortGross = Annotated[
    float, Field(ge=0, le=10, description="short leg, share of NAV; 0 is long only")
]

NameCap = Annotated[
    float, Field(gt=0, le=1, description="largest position, share of NAV")
]

MinNames = Annotated[
    int,
    Field(ge=1, description="eligible names a date needs; with fewer the book is flat"),
]

Window = Annotated[
    int, Field(ge=2, le=1_260, description="trailing returns looked at (sessions)")
]

MinShare = Annotated[
    float,
    Field(gt=0, le=1, description="share of the window in which a return is known"),
]
