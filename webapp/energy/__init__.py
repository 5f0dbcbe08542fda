"""Unit energy 单位能耗: what units use by month, per head and per m², targets, quotas, publication, the yearly evaluation; no grams."""
