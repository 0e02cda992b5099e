"""What the models of an experiment need of its labels, its features, and each other.

All of it would come out when they are fitted; it is said before anything is computed.
"""

from collections.abc import Iterable, Mapping

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest, unknown_name
from alpha_kedro.learning import ModelSpec
from alpha_kedro.portfolio import SimulationSpec, StrategySpec
from alpha_kedro.portfolio.overlays import LiquidityLimit
from alpha_kedro.signals import LabelSpec

_SECTOR = "sector"


def refuse_unlabelled(models: Mapping[str, ModelSpec], labels: LabelSpec) -> None:
    """Refuse models that learn from horizons without labels, naming all of them."""
    asked = {name: model.horizon for name, model in models.items() if model.horizon}
    missing = {
        name: each for name, each in asked.items() if each not in labels.horizons
    }
    if not missing:
        return
    wanted = sorted({*labels.more_horizons, *missing.values()})
    raise ConfigError(
        "AK-C009",
        "models learn from labels that are not made",
        where=[f"{name}: horizon {each}" for name, each in missing.items()],
        got=f"labels of {list(labels.horizons)} sessions",
        fix=f"set labels.more_horizons to {wanted} "
        f"(labels.more_horizons={'+'.join(map(str, wanted))} on the command line)",
    )


def refuse_unknown_features(
    models: Mapping[str, ModelSpec], features: Iterable[str]
) -> None:
    """Refuse scores neutralized by a feature the samples will not have."""
    known = [_SECTOR, *features]
    for model in models.values():
        for name in model.neutralize:
            if name not in known:
                raise unknown_name("exposure", name, known)


def refuse_other_lags(models: Mapping[str, ModelSpec], labels: LabelSpec) -> None:
    """Refuse weights of rows that count labels from where they do not start."""
    for name, model in models.items():
        if model.weighting is not None and model.weighting.lag != labels.lag:
            raise ConfigError(
                "AK-C018",
                f"the weighting of {name!r} counts labels from another session than "
                "they start",
                got=f"weighting.lag {model.weighting.lag}",
                wanted=f"labels.lag, which is {labels.lag}",
                fix=f"set weighting.lag to {labels.lag}",
            )


def refuse_strange_members(models: Mapping[str, ModelSpec]) -> None:
    """Refuse ensembles with members that are not fitted, or are ensembles."""
    fitted = [name for name, model in models.items() if model.ensemble is None]
    for name, model in models.items():
        members = model.ensemble.members if model.ensemble else ()
        strange = [each for each in members if each not in fitted]
        if strange:
            close = nearest(strange[0], fitted)
            raise ConfigError(
                "AK-C008",
                f"the ensemble {name!r} has members that are not fitted",
                where=strange,
                wanted=f"of the models: {', '.join(fitted)}",
                fix=(f"did you mean {close!r}? " if close else "")
                + "add them to models",
            )


def no_scores_to_trade(idle: Mapping[str, str], models: tuple[str, ...]) -> ConfigError:
    """Return the error for strategies whose models are not fitted."""
    return ConfigError(
        "AK-C014",
        "strategies trade the scores of models that are not fitted",
        where=[f"{name} trades {model}" for name, model in idle.items()],
        got=f"models: {', '.join(models)}",
        fix="add the models, or name the strategies to trade, the headline among them: "
        f"strategies=<strategy>@{models[0]},headline=<strategy>@{models[0]}",
    )


def refuse_unsized(
    books: Mapping[str, StrategySpec], simulation: SimulationSpec
) -> None:
    """Refuse limits by dollar volume where nobody says how much money is traded."""
    if simulation.capital is not None:
        return
    asked = [
        f"{name}: {limit}" for name, book in books.items() for limit in _by_volume(book)
    ]
    if asked:
        raise ConfigError(
            "AK-C188",
            "limits by dollar volume need to know how large the book is",
            where=asked,
            got="simulation.capital: null",
            fix="set simulation.capital to the NAV at the start, in currency",
        )


def _by_volume(book: StrategySpec) -> list[str]:
    """Return the limits of a strategy that are shares of dollar volume."""
    own = [each for each in book.overlays if isinstance(each, LiquidityLimit)]
    found = [str(each.kind) for each in own]
    aimed = book.optimize if book.kind == "optimize" else None
    if aimed is not None and aimed.max_adv is not None:
        found.append("optimize.max_adv")
    return found


def reads_no_scores(name: str, strategy: str) -> ConfigError:
    """Return the error for a model that is given to a strategy without use for it."""
    return ConfigError(
        "AK-C162",
        f"{name} gives a model to a strategy that reads no scores",
        wanted=f"{strategy} alone",
        fix=f"write {strategy!r} in strategies",
    )
