"""An experiment: every parameter of a run, typed, checked before anything starts.

``conf/base`` holds the library of named markets, models and strategies; an experiment
names the ones it runs. What two blocks must agree on is checked here, in one place.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, model_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.experiment_checks import (
    no_scores_to_trade,
    reads_no_scores,
    refuse_other_lags,
    refuse_strange_members,
    refuse_unknown_features,
    refuse_unlabelled,
    refuse_unsized,
)
from alpha_kedro.learning import ExecutionSpec, ModelSpec, WalkForwardSpec
from alpha_kedro.market import (
    FundamentalsSpec,
    IngestionSpec,
    SentimentSpec,
    SimulatedMarketSpec,
)
from alpha_kedro.market.health import HealthSpec
from alpha_kedro.measures import EvidenceSpec
from alpha_kedro.portfolio import (
    CapacitySpec,
    CostSpec,
    FrontierSpec,
    SimulationSpec,
    StrategySpec,
    SweepSpec,
    frontier_settings,
    refuse_strange_sleeves,
    settings,
)
from alpha_kedro.portfolio.setting import refuse_unfitted
from alpha_kedro.portfolio.strategy import refuse_cuts_of_members_undone
from alpha_kedro.signals import FeatureSpec, LabelSpec, MarketStateSpec, SampleSpec
from alpha_kedro.sources import FilesMarketSpec, SqlMarketSpec, YahooMarketSpec

MarketSpec = Annotated[
    SimulatedMarketSpec | FilesMarketSpec | SqlMarketSpec | YahooMarketSpec,
    Field(discriminator="kind"),
]
S = TypeVar("S", bound=Spec)
T = TypeVar("T")

_ON_ANOTHER_MODEL = "@"


class Experiment(Spec):
    """All parameters of a run, as they stand in ``conf/``."""

    data_root: str = Field(description="folder or URL every catalog path starts with")
    market: str = Field(description="the market that is used, a name under markets")
    markets: dict[str, MarketSpec] = Field(description="the library of markets")
    ingestion: IngestionSpec = Field(description="which bars are taken")
    fundamentals: FundamentalsSpec = Field(description="from when reports may be used")
    sentiment: SentimentSpec = Field(description="from when what was said may be used")
    health: HealthSpec = Field(description="what counts as odd in raw data")
    features: FeatureSpec = Field(description="which features are computed")
    labels: LabelSpec = Field(description="what the scores are asked to foresee")
    samples: SampleSpec = Field(description="how features become model input")
    market_states: MarketStateSpec = Field(description="how the market is measured")
    walk_forward: WalkForwardSpec = Field(description="when models are refitted")
    model_library: dict[str, ModelSpec] = Field(description="the library of models")
    models: Names = Field(min_length=1, description="the models that are fitted")
    strategy_library: dict[str, StrategySpec] = Field(
        description="the library of strategies"
    )
    strategies: Names = Field(
        min_length=1,
        description="the strategies that are traded; name@model trades other scores",
    )
    headline: str = Field(description="the strategy that leads the report")
    costs: CostSpec = Field(description="what trading and borrowing cost")
    simulation: SimulationSpec = Field(description="how orders are filled")
    sweep: SweepSpec = Field(description="settings tried beside those that are run")
    frontier: FrontierSpec = Field(description="ways to trade that are compared")
    capacity: CapacitySpec = Field(description="at which sizes the headline is judged")
    evidence: EvidenceSpec = Field(description="how results are judged")
    execution: ExecutionSpec = Field(description="where fits run")
    seed: int = Field(ge=0, lt=2**31, description="of everything random")
    quick: bool = Field(description="the same experiment, small: a try in seconds")
    quick_settings: dict[str, Any] = Field(description="what quick lays over the rest")

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        choose_one(self.markets, self.market, kind="market")
        choose_models(self.models, self.model_library)
        books = choose_books(self.strategies, self.strategy_library)
        idle = {
            name: book.model
            for name, book in books.items()
            if book.model is not None and book.model not in self.models
        }
        if idle:
            raise no_scores_to_trade(idle, self.models)
        refuse_strange_sleeves(books)
        refuse_cuts_of_members_undone(books)
        refuse_unsized(books, self.simulation)
        choose_one(books, self.headline, kind="headline strategy")
        return self

    @model_validator(mode="after")
    def _settings_can_be_tried(self) -> Self:
        """Refuse a grid that leads nowhere before models are fitted for it."""
        given = (
            choose_books(self.strategies, self.strategy_library),
            self.costs,
            self.simulation,
        )
        for cells in (
            settings(*given, self.sweep),
            frontier_settings(*given, self.frontier),
        ):
            for cell in cells:
                refuse_unfitted([cell], self.models)
                refuse_unsized({cell.strategy: cell.spec}, cell.simulation)
        return self

    @model_validator(mode="after")
    def _blocks_agree(self) -> Self:
        """Market, labels and ledger must speak of the same sessions and trades."""
        differ = [
            f"{one} {first!r} but {other} {second!r}"
            for one, other in (
                ("labels.lag", "simulation.lag"),
                ("labels.delisting_return", "simulation.delisting_return"),
                ("ingestion.delisted_after", "labels.delisted_after"),
                ("ingestion.delisted_after", "simulation.delisted_after"),
                ("ingestion.delisted_after", "health.delisted_after"),
                ("ingestion.rounding_tolerance", "health.rounding_tolerance"),
                ("ingestion.calendar", f"markets.{self.market}.calendar"),
            )
            if (first := self._at(one)) != (second := self._at(other))
        ]
        if differ:
            raise ConfigError(
                "AK-C007",
                "blocks that must agree do not",
                where=differ,
                fix="give both the same value",
            )
        return self

    @model_validator(mode="after")
    def _exposures_are_features(self) -> Self:
        """Refuse what would only come out once all features are computed."""
        names = [each.name for each in self.features.chosen()]
        self.samples.require_exposures(names)
        self.labels.require_features(names)
        return self

    @model_validator(mode="after")
    def _models_have_what_they_learn_from(self) -> Self:
        """Refuse a model whose labels, or whose members, would not be there."""
        chosen = choose_models(self.models, self.model_library)
        refuse_unlabelled(chosen, self.labels)
        refuse_unknown_features(chosen, [each.name for each in self.features.chosen()])
        refuse_other_lags(chosen, self.labels)
        refuse_strange_members(chosen)
        return self

    def _at(self, path: str) -> Any:
        """Return the value at a dotted path such as ``labels.lag``."""
        found: Any = self
        for key in path.split("."):
            found = found[key] if isinstance(found, dict) else getattr(found, key)
        return found


def choose_one(library: Mapping[str, T], name: str, *, kind: str) -> T:
    """Return one entry of a library, or raise with the nearest name."""
    if name not in library:
        raise unknown_name(kind, name, library)
    return library[name]


def choose_models(
    names: Iterable[str], library: Mapping[str, Any]
) -> dict[str, ModelSpec]:
    """Return the named models of the library.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a name the library does not have.
    """
    blocks = {name: choose_one(library, name, kind="model") for name in names}
    return {name: _typed(ModelSpec, block, name) for name, block in blocks.items()}


def choose_books(
    names: Iterable[str], library: Mapping[str, Any]
) -> dict[str, StrategySpec]:
    """Return the named strategies; ``strategy@model`` trades that model's scores.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a strategy the library does not have, ``AK-C162`` for a model
        given to one that reads no scores.
    """
    books = {}
    for name in names:
        strategy, _, model = name.partition(_ON_ANOTHER_MODEL)
        block = choose_one(library, strategy, kind="strategy")
        book = _typed(StrategySpec, block, strategy)
        if model and not book.reads_scores:
            raise reads_no_scores(name, strategy)
        books[name] = book.model_copy(update={"model": model}) if model else book
    return books


def headline_model(
    headline: str, books: Mapping[str, StrategySpec], models: Sequence[str]
) -> str:
    """Return the model the report shows beside the headline.

    That whose scores it trades; of a combination, that of its first member that reads
    scores; where there is none, the first model of the experiment.
    """
    chain = [books[headline], *(books[name] for name in books[headline].members)]
    read = [book.model for book in chain if book.model is not None]
    return read[0] if read else models[0]


def _typed(spec: type[S], block: Any, where: str) -> S:
    return block if isinstance(block, spec) else spec.parse(block, where)
