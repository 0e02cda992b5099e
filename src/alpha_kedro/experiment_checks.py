"""What the models of an experiment need of its labels, its features, and each other.

All of it would come out when they are fitted; it is said before anything is computed.
"""

from collections.abc import Iterable, Mapping

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest, unknown_name
from alpha_kedro.learning import ModelSpec
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
