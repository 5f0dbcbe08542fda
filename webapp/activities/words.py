"""Words about acts that are short enough for a tile or stand beside a field of a form."""

from __future__ import annotations

Pair = tuple[str, str]

SHORT: dict[str, Pair] = {
    "steps": ("步数", "Steps"),
    "walk": ("步行", "Walk"),
    "bike": ("骑行", "Cycle"),
    "shared_bike": ("共享单车", "Shared bike"),
    "ebike": ("电动自行车", "E-bike"),
    "bus": ("公交", "Bus"),
    "bus_ride": ("公交", "Bus ride"),
    "metro": ("地铁", "Metro"),
    "shuttle": ("班车", "Shuttle"),
    "no_cutlery": ("不要餐具", "No cutlery"),
    "plant_meal": ("素食", "Plant meal"),
    "own_bag": ("自带购物袋", "Own bag"),
    "box_returned": ("纸箱回收", "Box returned"),
    "second_hand": ("二手流转", "Second-hand"),
    "ac_26": ("空调26 °C", "A/C at 26 °C"),
    "lights_off": ("随手关灯", "Lights off"),
    "stairs": ("走楼梯", "Stairs"),
    "paper_saved": ("少打印", "Less paper"),
    "e_invoice": ("电子发票", "E-invoice"),
    "e_waybill": ("电子面单", "E-waybill"),
    "online_bill": ("线上缴费", "Online bill"),
    "learning": ("学习", "Learning"),
}
FIELD_WORDS: dict[str, Pair] = {
    "full_width_digits": ("请用半角数字填写，例如 5.2", "Please use plain digits, for example 5.2"),
    "not_a_number": ("请只填数字，例如 5.2", "Please enter a number only, for example 5.2"),
    "in_future": ("时间不能晚于现在", "The time cannot be in the future"),
    "too_old": ("只能补记 72 小时以内的行为", "Only acts of the last 72 hours can be logged"),
    "bad_day": ("请选一个日期", "Please pick a day"),
    "unknown_upload": ("照片没有传成功，请重新选择", "The photo did not arrive; please choose it again"),
}
