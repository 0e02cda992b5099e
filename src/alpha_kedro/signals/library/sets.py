"""Features that are asked for together, under one name."""

from alpha_kedro.signals.features import FEATURE_SETS

FEATURE_SETS.add(
    "weekly_equity",
    (
        *("momentum_1", "momentum_5", "momentum_20", "momentum_60", "momentum_120"),
        *("momentum_252_21", "volatility_5", "volatility_20", "volatility_60"),
        *("rsi_14", "volume_z_20", "gap", "high_low_range"),
        *("sma_deviation_20", "sma_deviation_50", "sma_deviation_200"),
        *("drawdown_252", "beta_252", "residual_return_20", "amihud_20", "high_52w"),
        *("close_location", "log_dollar_volume_20", "max_return_20", "skewness_60"),
        *("idiosyncratic_volatility_60", "volume_ratio_5_60"),
        *("overnight_return_20", "intraday_return_20", "day_of_week", "month"),
    ),
)
FEATURE_SETS.add(
    "multi_asset_daily",
    (
        *("ln_ret_1", "mom_5", "mom_20", "vol_5", "vol_20", "vol_z_20", "gap_pc"),
        *("hl_range_pc", "price_sma20_dev", "month", "day_of_week", "sector_id"),
    ),
)
FEATURE_SETS.add(
    "fundamental",
    (
        *("earnings_yield", "book_to_price", "sales_to_price", "cash_flow_to_price"),
        *("return_on_equity", "return_on_assets", "operating_margin"),
        *("cash_flow_to_assets", "leverage", "current_ratio", "accruals"),
        *("revenue_growth_yoy", "earnings_growth_yoy", "asset_growth", "report_age"),
    ),
)
FEATURE_SETS.add(
    "sentiment",
    (
        *("sentiment_level_5", "sentiment_change_20", "sentiment_dispersion_20"),
        *("attention_z_60", "positive_share_5"),
    ),
)
