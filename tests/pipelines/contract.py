"""What every run promises: files, columns, keys of the summary."""

DAY, TEXT, REAL, WHOLE = "datetime64[us]", "str", "float64", "int64"
TABLES = {
    "05_model_input/labels.parquet": {
        "date": DAY,
        "ticker": TEXT,
        "horizon": WHOLE,
        "fwd_ret": REAL,
        "label": REAL,
        "label_end": DAY,
    },
    "07_model_output/predictions.parquet": {
        "date": DAY,
        "ticker": TEXT,
        "model": TEXT,
        "fold": WHOLE,
        "score": REAL,
        "label": REAL,
        "fit_end": DAY,
    },
    "07_model_output/weights.parquet": {
        "date": DAY,
        "ticker": TEXT,
        "strategy": TEXT,
        "weight": REAL,
    },
    "07_model_output/returns.parquet": {
        "date": DAY,
        "strategy": TEXT,
        "gross_return": REAL,
        "cost": REAL,
        "net_return": REAL,
        "turnover": REAL,
        "gross_exposure": REAL,
        "net_exposure": REAL,
        "nav": REAL,
    },
}
KEYS = {
    "05_model_input/labels.parquet": ["date", "ticker", "horizon"],
    "07_model_output/predictions.parquet": ["date", "ticker", "model"],
    "07_model_output/weights.parquet": ["date", "ticker", "strategy"],
    "07_model_output/returns.parquet": ["date", "strategy"],
}
PICTURES = ("equity_curve.png", "ic_timeseries.png", "deciles.png")
MANIFEST = {
    *("git_sha", "env", "market", "parameters_hash", "data_hash", "versions"),
    *("seed", "started", "seconds"),
}
SAMPLE = {"start", "end", "n_dates", "n_tickers", "n_predictions"}
OF_A_MODEL = {
    *("rank_ic", "ic", "rank_ic_ir", "rank_ic_t", "positive_share"),
    *("decile_spread", "by_year"),
}
OF_A_STRATEGY = {
    *("gross", "net", "turnover_annual", "cost_annual", "deflated_sharpe"),
    *("beta", "trials"),
}
OF_RETURNS = {
    *("annual_return", "annual_volatility", "sharpe", "sharpe_ci95"),
    *("max_drawdown", "calmar"),
}
