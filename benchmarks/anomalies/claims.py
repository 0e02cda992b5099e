"""What the literature says of anomalies: which way, how much, on which sample.

Figures are as published, on the sample of the paper; where none is given the paper's
figure answers another question than the one asked here, and the sign alone is compared.
"""

from dataclasses import dataclass
from typing import Literal

WEEK, MONTH = 5, 21
"""Sessions."""


@dataclass(frozen=True)
class Claim:
    """An anomaly as published.

    Attributes
    ----------
    name
        What it is called.
    feature
        The feature that ranks names by it.
    sign
        1: high earns more; -1: low does.
    paper
        Authors and year.
    figure
        As published, with its sample; None: the sign alone.
    horizon
        Sessions held: `WEEK` is decided weekly, `MONTH` monthly.
    lag
        Sessions from the decision to the open at which it is filled.
    judged_by
        What the verdict rests on: alpha where the paper's figure is one.
    """

    name: str
    feature: str
    sign: int
    paper: str
    figure: str | None = None
    horizon: int = MONTH
    lag: int = 1
    judged_by: Literal["rank IC", "alpha"] = "rank IC"


CLAIMS = (
    Claim(
        "12-1 momentum",
        "momentum_252_21",
        1,
        "Jegadeesh and Titman 1993",
        "6-month winners less losers, held 6 months: 12.01 % a year; deciles of NYSE "
        "and AMEX, 1965-1989",
    ),
    Claim(
        "intermediate momentum",
        "intermediate_momentum",
        1,
        "Novy-Marx 2012",
    ),
    Claim(
        "residual momentum",
        "residual_momentum_504",
        1,
        "Blitz, Huij and Martens 2011",
        "risk-adjusted profits about twice those of momentum; US stocks, 1930-2009",
    ),
    Claim(
        "industry momentum",
        "industry_momentum_126",
        1,
        "Moskowitz and Grinblatt 1999",
        "0.43 % a month; best three less worst three of 20 industries, 6 months held "
        "6, 1963-1995",
    ),
    Claim(
        "52-week high",
        "high_52w",
        1,
        "George and Hwang 2004",
        "0.45 % a month; highest less lowest 30 %, held 6 months, 1963-2001",
    ),
    Claim(
        "one-week reversal",
        "reversal_5",
        1,
        "Lehmann 1990",
        horizon=WEEK,
    ),
    Claim(
        "one-week reversal, a session late",
        "reversal_5",
        1,
        "Lehmann 1990",
        horizon=WEEK,
        lag=2,
    ),
    Claim(
        "one-week reversal in the sector",
        "sector_reversal_5",
        1,
        "Da, Liu and Schaumburg 2014",
        horizon=WEEK,
    ),
    Claim(
        "one-month reversal",
        "reversal_21",
        1,
        "Jegadeesh 1990",
        "2.49 % a month between extreme deciles of a forecast from this and eleven "
        "more lags, 1934-1987",
    ),
    Claim(
        "one-month reversal in the sector",
        "sector_reversal_21",
        1,
        "Da, Liu and Schaumburg 2014",
    ),
    Claim(
        "one-month residual reversal",
        "residual_reversal_21",
        1,
        "Blitz, Huij, Lansdorp and Verbeek 2013",
    ),
    Claim(
        "long reversal",
        "long_reversal_756",
        1,
        "De Bondt and Thaler 1985",
        "24.6 % in 36 months, 35 losers less 35 winners of 36 months; NYSE, 1926-1982",
    ),
    Claim(
        "MAX",
        "max5_return_21",
        -1,
        "Bali, Cakici and Whitelaw 2011",
        "over 1 % a month between extreme deciles, 1962-2005",
    ),
    Claim(
        "idiosyncratic volatility",
        "idiosyncratic_volatility_21",
        -1,
        "Ang, Hodrick, Xing and Zhang 2006",
        "1.06 % a month between extreme quintiles, by value, 1963-2000",
    ),
    Claim(
        "volatility",
        "volatility_756",
        -1,
        "Blitz and van Vliet 2007",
        "alpha of 12 % a year between extreme deciles of global large caps, 1986-2006",
        judged_by="alpha",
    ),
    Claim(
        "beta",
        "shrunk_beta_756",
        -1,
        "Frazzini and Pedersen 2014",
        "0.70 % a month, each leg levered to a beta of 1, US stocks, 1926-2012",
        judged_by="alpha",
    ),
    Claim(
        "idiosyncratic skewness",
        "idiosyncratic_skewness_252",
        -1,
        "Boyer, Mitton and Vorkink 2010",
        "three-factor alpha of 1.00 % a month between extreme quintiles of expected "
        "skewness, of which this is one predictor",
        judged_by="alpha",
    ),
    Claim(
        "coskewness",
        "coskewness_252",
        -1,
        "Harvey and Siddique 2000",
        "3.60 % a year on average, 1963-1993",
    ),
    Claim(
        "illiquidity",
        "amihud_252",
        1,
        "Amihud 2002",
    ),
    Claim(
        "variation of trading activity",
        "dollar_volume_variation_252",
        -1,
        "Chordia, Subrahmanyam and Anshuman 2001",
    ),
    Claim(
        "abnormal volume",
        "abnormal_volume_5",
        1,
        "Gervais, Kaniel and Mingelgrin 2001",
    ),
    Claim(
        "turnover",
        "share_turnover_21",
        -1,
        "Datar, Naik and Radcliffe 1998",
    ),
    Claim(
        "same season, years 1 to 5",
        "same_season_return_5",
        1,
        "Heston and Sadka 2008",
    ),
)

CHANCE = Claim("a random number", "", 1, "nobody")
"""Drawn for every name and date: what a signal without meaning looks like."""
