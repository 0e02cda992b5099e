"""The sets of features that whole systems are fed with.

A set is a list of names in a fixed order: a feature that is registered tomorrow changes
no result of today.
"""

from collections.abc import Mapping

from alpha_kedro.signals.features import FEATURE_SETS

FEATURE_SETS.add(
    "lstm_top_n",
    (
        *(f"momentum_{k}" for k in (1, 5, 10, 20, 60)),
        *(f"volatility_{k}" for k in (5, 20, 60)),
        *(f"sma_deviation_{k}" for k in (10, 20, 50, 200)),
        *(f"drawdown_{k}" for k in (60, 252)),
        "volume_z_20",
    ),
)
"""What a sequence model ranks by: returns, volatility, distances to averages and highs.

Each is short or slow by its window, as the model sees the days before by itself.
"""

CANDIDATES: Mapping[str, str] = {
    "momentum": """
        momentum_60 momentum_120 momentum_252_21 intermediate_momentum
        momentum_acceleration_21 momentum_acceleration_126 reward_to_risk_126
        reward_to_risk_252 return_consistency information_discreteness
        overnight_less_intraday_21 overnight_less_intraday_252 high_52w high_recency_252
        alpha_252 adjusted_slope_90 macd_8_17 macd_12_26 macd_signal_12_26_9
        macd_histogram_12_26_9 ppo_12_26 awesome_oscillator_5_34
    """,
    "reversal": """
        reversal_1 reversal_5 reversal_21 residual_reversal_21 gap_reversal_60
        bollinger_position_20 keltner_position_20_10 trend_residual_20 trend_residual_60
        trend_residual_120
    """,
    "trend": """
        moving_average_3 moving_average_5 moving_average_10 moving_average_20
        moving_average_50 moving_average_100 moving_average_200 ema_deviation_10
        ema_deviation_20 wma_deviation_20 hull_deviation_16 hull_deviation_49
        sma_cross_5_20 sma_cross_20_50 sma_cross_50_200 sma_slope_20_5 sma_slope_50_10
        sma_slope_200_20 drawdown_252 drawup_252 donchian_position_20
        donchian_position_55 ichimoku_tenkan_9 ichimoku_kijun_26 ichimoku_cross_9_26
        ichimoku_senkou_a_9_26 ichimoku_senkou_b_52 ichimoku_cloud_9_26_52 plus_di_14
        minus_di_14 vortex_plus_14 vortex_minus_14 aroon_up_25 aroon_down_25 aroon_25
        days_since_high_60 days_since_low_60 days_since_low_252 efficiency_ratio_10
        efficiency_ratio_60 choppiness_14 trend_slope_20 trend_slope_60 trend_slope_120
        trend_slope_252 trend_fit_20 trend_fit_60 trend_fit_120
    """,
    "oscillators": """
        rsi_14 rsi_wilder_2 rsi_wilder_14 stochastic_rsi_14 stochastic_k_5
        stochastic_k_14 stochastic_d_14 stochastic_slow_d_14 williams_r_10 cci_20
        ultimate_oscillator_7_14_28
    """,
    "volatility": """
        realized_volatility_10 volatility_20 volatility_60 realized_volatility_120
        realized_volatility_252 ewma_volatility_32 parkinson_volatility_20
        parkinson_volatility_60 garman_klass_volatility_20 garman_klass_volatility_60
        rogers_satchell_volatility_20 rogers_satchell_volatility_60
        yang_zhang_volatility_20 yang_zhang_volatility_60 upside_deviation_20
        upside_deviation_60 downside_deviation_60 downside_deviation_252
        volatility_ratio_5_60 volatility_ratio_20_252 volatility_clustering_60
        volatility_clustering_252 leverage_effect_252 overnight_volatility_share_60
        ulcer_index_14 atr_14 mean_range_5 mean_range_20 range_expansion_20 range_rank_7
        high_low_range chaikin_volatility_10 mass_index_25_9 bollinger_width_20
        donchian_width_20 donchian_width_55
    """,
    "volume": """
        volume_z_20 volume_ratio_5_60 abnormal_volume_5 abnormal_volume_21
        volume_trend_60 volume_trend_252 volume_variation_60 volume_rank_50
        volume_oscillator_12_26 obv_20 obv_60 up_down_volume_50 mfi_14 chaikin_flow_20
        accumulation_3_10 force_index_2 force_index_13 ease_of_movement_14
        vwap_deviation_5 vwap_deviation_20 vwap_deviation_60 price_volume_correlation_20
        price_volume_correlation_60 move_volume_correlation_60
    """,
    "candles": """
        candle_body_5 candle_body_14 upper_shadow_5 upper_shadow_20 lower_shadow_5
        lower_shadow_20 mean_close_location_5 mean_close_location_20 doji_share_20
        inside_days_20 outside_days_20 engulfing_20 mean_gap_20 overnight_share_20
        overnight_share_60 overnight_return_20 intraday_return_20 gap close_location
        streak_10
    """,
    "market": """
        beta_60 beta_252 dimson_beta_252 downside_beta_252 upside_beta_252
        market_correlation_60 market_correlation_252 correlation_asymmetry_252
        coskewness_252 price_delay_252 residual_return_20 idiosyncratic_volatility_60
    """,
}
"""Candidates by family; all are made of prices and volume, none of the calendar.

None looks back much more than a year, and each tells the names of a date apart, so that
it has a rank IC to be chosen by.
"""

FEATURE_SETS.add(
    "swing_candidates",
    tuple(name for names in CANDIDATES.values() for name in names.split()),
)
"""What a selection chooses from, fold by fold: eight families of candidates."""
