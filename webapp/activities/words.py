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
    "unreadable": ("照片打不开，请换一张", "This photo cannot be opened; please choose another"),
    "not_a_photo": ("只支持 JPEG、PNG、WebP、HEIC 照片", "Only JPEG, PNG, WebP and HEIC photos"),
    "more_than_a_photo": (
        "这个文件里不只有照片，请直接选相册里的原图",
        "There is more than a photo in this file; please choose one from your album",
    ),
    "unknown_upload": ("照片没有传成功，请重新选择", "The photo did not arrive; please choose it again"),
}
PHOTO_WORDS: dict[str, Pair] = {
    "missing": ("没有收到照片，请重新选择", "No photo arrived; please choose it again"),
    "too_large": ("照片超过 10 MB，请换一张小一些的", "The photo is over 10 MB; please choose a smaller one"),
    "bad_dimensions": (
        "照片的像素太多或太少，请换一张",
        "The photo has too many or too few pixels; please choose another",
    ),
    "too_many_photos": ("一次最多 4 张照片", "At most 4 photos"),
}
