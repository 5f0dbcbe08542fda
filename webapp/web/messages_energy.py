"""The words of units' energy; messages.py puts them with the others."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "energy_columns": (
        "第一行缺少这些列：{needed}",
        "The first line lacks these columns: {needed}",
    ),
    "file_dropped": ("这份文件已经作废，请重新上传", "This file was dropped; please upload it again"),
    "file_has_faults": (
        "有 {faults} 行有问题，整份没有导入；请改好后重新上传",
        "{faults} lines are faulty and nothing was taken in; correct them and upload again",
    ),
    "letter_settled": ("这份通知已经处理，不能再改", "This letter is settled and cannot be changed"),
    "no_units_to_judge": ("没有可考核的单位", "There is no unit to judge"),
    "not_earned": ("当年考核不是优秀或良好，不能表扬", "The year's grade is neither excellent nor good"),
    "not_missed": ("当年目标没有未完成，不能发整改通知", "The unit did not miss the year's target"),
    "not_publishing": ("这个单位没有同意公示", "This unit has not agreed to publish"),
    "platform_json": (
        "JSON 读不出来：需要 readings 列表，每项有 code、month、value",
        "The JSON cannot be read: a list “readings” of code, month, value is needed",
    ),
    "publication_unchanged": (
        "与上一版没有不同，没有再公示",
        "Nothing differs from the last version; not published again",
    ),
    "same_hand": ("要由另一位同事签发", "Somebody else has to send this"),
    "unknown_file": ("没有这份文件", "No such file"),
    "unknown_letter": ("没有这份通知", "No such letter"),
    "unknown_publication": ("没有这份公示", "Nothing of the kind is published"),
    "year_not_closed": ("请先关闭这一年的考核", "First close the year's evaluation"),
    "year_not_over": ("这一年还没有过完", "This year is not over"),
    "year_not_whole": (
        "十二个月的用电报齐后才能公示，现在有 {months} 个月",
        "Published once all twelve months of electricity are told; there are {months}",
    ),
}
REASONS: dict[str, tuple[str, str]] = {
    "bad_points": (
        "每行写一个年份和一个数字，年份在基准年之后且不重复",
        "Each line: a year after the base year, once, and a number",
    ),
    "base_not_whole": (
        "基准年没有报齐十二个月，请自己填基准值",
        "The base year was not told whole; please enter the base",
    ),
    "month_not_over": ("只能填已经过完的月份", "Only months that are over"),
    "other_carrier": ("与这个表计编码的能源品种不符", "Not what this meter code measures"),
    "quota_order": ("约束值、引导值、先进值应从高到低", "Constraint, guide and advanced go from high to low"),
    "unknown_code": ("这个表计编码还没有对应单位", "This meter code has no unit yet"),
    "unknown_part": ("本单位没有这个部门", "The unit has no such part"),
}
