"""What is wrong with a draft of a method, in Chinese: the engine tells its faults in English, as the files of methods do."""

from __future__ import annotations

import re

from webapp.web import t

KINDS = {"str": "文字", "int": "整数", "bool": "是否", "list": "列表", "dict": "表", "date": "日期", "float": "小数"}
WORDS: tuple[tuple[str, str], ...] = (
    (r"unknown key", "没有这个键"),
    (r"missing", "缺少这一项"),
    (r"must be (\w+), not (\w+)", "应为{0}，不是{1}"),
    (r"must be a number written as text, such as '0.5'", "应为加引号的数字，例如 '0.5'"),
    (r"must be a number or a fraction such as '1/500'", "应为数字或分数，例如 '1/500'"),
    (r"must be one of (.*)", "只能是以下之一：{0}"),
    (r"must be str", "应为文字"),
    (r"must be a table", "应为表"),
    (r"cannot be read: (.*)", "无法读取（TOML 格式）：{0}"),
    (r"is (\S+); it must not be before (\S+)", "填的是 {0}，最早为 {1}"),
    (r"unknown methodology (.*)", "没有方法学 {0}"),
    (r"unknown factor (.*)", "没有因子 {0}"),
    (r"unknown level (.*)", "没有凭证 {0}"),
    (r"must not be empty", "不能为空"),
    (r"must not be negative", "不能是负数"),
    (r"must be above zero", "应大于零"),
    (r"must be above zero and not above most", "应大于零，且不大于 most"),
    (r"must be above least, or choices must be given", "应大于 least，或者给出 choices"),
    (r"must be two months of one year, in order", "应为同一年内先后的两个月"),
    (r"must come after valid_from", "应晚于 valid_from"),
    (r"must have 1 to (\d+) letters", "应有 1 到 {0} 个字符"),
    (r"(\S+) has a row from (\S+) already", "{0} 已有从 {1} 起的数值"),
    (r"(\S+) has a version (.*) already", "{0} 已有版本 {1}"),
    (r"(\S+) has no value on that day", "{0} 在那一天没有数值"),
    (r"(\S+) is in (\S+); a figure never changes its unit", "{0} 的单位是 {1}，因子不能换单位"),
    (r"(\S+) changes its unit", "{0} 不能换单位"),
    (r"(\S+) is a new figure that nothing in this draft uses", "新因子 {0} 在这份草稿里没有用到"),
    (r"(\S+) has two rows from (\S+)", "{0} 从 {1} 起有两个数值"),
    (r"(.*) is also in (.*)", "{0} 在 {1} 里也有"),
    (r"version (.*) is in force from that day", "版本 {0} 从那一天起生效"),
    (r"two editions from the same day", "两个版本从同一天起"),
    (r"no price for (\S+) = (.*)", "没有 {0} = {1} 的积分"),
    (r"no coefficient for (.*)", "没有凭证 {0} 的系数"),
    (r"no input is called (.*)", "没有叫 {0} 的填写项"),
    (r"(\S+) needs an input called (.*)", "{0} 需要填写项 {1}"),
    (r"(\S+) is missing", "缺少 {0}"),
    (r"(\S+) is not accepted for (\S+)", "{1} 不接受凭证 {0}"),
    (r"(\S+) is outside the bounds of (.*)", "{0} 超出版本 {1} 的范围"),
    (r"(\S+), which the form offers, is outside (\S+) to (\S+)", "表单提供的 {0} 不在 {1} 到 {2} 之内"),
    (r"is (\S+), the figures give (\S+) per (.*)", "填的是 {0}，按因子应为每{2} {1}"),
    (r"is (\S+), worked out it is (\S+)", "填的是 {0}，算出来是 {1}"),
    (r"is before the version is in force, (\S+)", "早于版本生效日 {0}"),
    (r"(.*) does not come out as grams per (.*)", "{0} 算不出每{1}多少克"),
    (r"cannot read the unit (.*)", "认不出单位 {0}"),
    (r"(.*) is no base unit \(kg, km, kWh …\)", "{0} 不是基本单位（kg、km、kWh 等）"),
    (r"points_only takes no factors", "只计积分的方法不用因子"),
    (r"the activity emits no less than the baseline: saves nothing", "行为情景的排放不低于基准线，没有减排量"),
    (r"too many digits: (\S+) cannot be worked out in 64 bits", "位数太多：{0} 超出可精确计算的范围"),
    (r"a draft brings a version or a factor", "草稿要有一个版本或一个因子"),
    (r"a draft brings one version at a time", "一份草稿只能有一个版本"),
    (r"a methodology with grams needs a worked example", "计减排量的方法要有算例"),
    (r"needs declared among the evidence", "凭证里要有 declared"),
    (r"no methodology found", "没有方法学"),
)  # fmt: skip
READ = [(re.compile(pattern), words) for pattern, words in WORDS]


def said(problem: str) -> str:
    """The fault in the reader's language; one without Chinese words stays as it is."""
    for pattern, words in READ:
        if found := pattern.fullmatch(problem):
            return t(words.format(*(KINDS.get(part, part) for part in found.groups())).strip(), problem)
    return problem
