"""What the judge answers, and the plain words for every reason it can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MODES = ("walk", "run", "bike", "ebike", "bus", "shuttle", "car", "carpool")
Answer = Literal["accept", "review", "reject"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, its reasons, and the figures it rests on."""

    verdict: Answer
    reasons: tuple[str, ...]
    distance_m: int
    moving_s: int
    duration_s: int
    facts: Mapping[str, float]


REASONS: Mapping[str, tuple[str, str]] = {
    # good
    "looks_like_a_walk": ("速度和停顿与步行相符", "Speed and pauses fit a walk"),
    "looks_like_a_run": ("速度与跑步相符", "Speed fits a run"),
    "looks_like_a_ride": ("速度平稳，与骑行相符", "A steady pace that fits cycling"),
    "looks_like_an_ebike_ride": ("速度与电动自行车相符", "Speed fits an electric bicycle"),
    "looks_like_a_motor_trip": ("速度和停靠与乘车相符", "Speed and stops fit a motor vehicle"),
    "gaps_not_counted": ("信号中断的路段没有计入", "Stretches without signal are not counted"),
    "jumps_removed": ("已去掉定位跳动的点", "Jumps of the positioning were left out"),
    # the recording
    "unknown_mode": ("没有这种出行方式", "There is no such way of travelling"),
    "unreadable_line": ("这一行无法读取", "This line cannot be read"),
    "not_a_list": ("轨迹数据格式不对", "The points are not a list"),
    "too_many_points": ("定位点太多", "Too many positions"),
    "unreadable_points": ("轨迹数据无法读取", "The recording cannot be read"),
    "too_few_fixes": ("定位点太少，无法判断", "Too few positions to judge"),
    "fixes_too_far_apart": ("定位间隔太长，无法判断", "Positions are too far apart in time to judge"),
    "too_brief": ("记录时间太短", "The recording is too short in time"),
    "too_short": ("移动距离太短", "The distance is too short"),
    "hardly_moved": ("几乎没有移动", "There was hardly any movement"),
    "times_broken": ("时间记录有误（停住或倒退）", "The times stand still or run backwards"),
    "mostly_inaccurate": ("定位精度太差", "Most positions are too inaccurate"),
    "impossible_speed": ("出现了不可能的速度", "It holds impossible speeds"),
    "jumps_elsewhere": ("位置突然跳到别处", "The position jumps elsewhere"),
    "too_even_for_a_phone": ("速度和间隔过于均匀，不像手机记录", "Too even in speed and time to come from a phone"),
    # beside other trips
    "trip_replayed": (
        "这条记录与已有的行程相同，同一段路只计一次",
        "This recording was handed in before; a trip counts once",
    ),
    "trip_resembles": (
        "与已有的一条记录非常相近，需要人工看一下",
        "Very like a recording handed in before; a person will look",
    ),
    "many_companions": ("同行的人很多，需要人工看一下", "Many people on this ride; a person will look"),
    "car_not_credited": ("独自开车不计减排，只作记录", "Driving alone saves nothing; it is only recorded"),
    # against the claim
    "too_fast_for_walking": ("速度超过步行", "Too fast for walking"),
    "too_fast_for_running": ("速度超过跑步", "Too fast for running"),
    "too_fast_for_a_bike": ("速度超过骑行", "Too fast for a bicycle"),
    "too_fast_for_an_ebike": ("速度超过电动自行车", "Too fast for an electric bicycle"),
    "fast_stretch": ("其中一段像是乘车", "One stretch looks like a motor vehicle"),
    "stop_and_go_like_traffic": ("时快时停，像是机动车", "Bursts and stops like motor traffic"),
    "perhaps_a_vehicle": ("有些地方像机动车，需要人工看一下", "Partly like a motor vehicle; a person will look"),
    "looks_like_walking": ("速度像步行，与所选方式不符", "The pace is that of walking"),
    "looks_like_cycling": ("速度像骑行，需要人工看一下", "The pace is that of cycling; a person will look"),
    "too_fast_for_the_road": ("速度超过道路车辆", "Too fast for a road vehicle"),
}
