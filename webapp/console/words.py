"""The desk's words for stored codes: states, kinds, roles, canned reasons and ages, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.web import t

Pair = tuple[str, str]

ROLES: dict[str, Pair] = {
    "reviewer": ("核验员", "Reviewer"),
    "editor": ("运营编辑", "Editor"),
    "auditor": ("审计员", "Auditor"),
    "administrator": ("系统管理员", "Administrator"),
    "merchant": ("商家", "Merchant"),
    "unit_admin": ("单元管理员", "Unit administrator"),
    "resident": ("居民", "Resident"),
}
UNIT_KINDS: dict[str, Pair] = {
    "enterprise": ("企业", "Company"),
    "public_body": ("公共机构", "Public body"),
    "community": ("社区", "Community"),
    "family": ("家庭", "Family"),
}
REWARD_KINDS: dict[str, Pair] = {
    "voucher": ("优惠券", "Voucher"),
    "goods": ("实物", "Goods"),
    "donation": ("公益捐赠", "Donation"),
}
REWARD_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "on": ("上架", "On the shelf"),
    "off": ("下架", "Off"),
}
FUND_KINDS: dict[str, Pair] = {
    "unit": ("绿色单元", "Green unit"),
    "merchant": ("商家", "Merchant"),
    "park": ("园区", "The park"),
}
FUND_CODES: dict[str, Pair] = {
    "deposit": ("充值", "Paid in"),
    "draw": ("发放奖励", "Rewards"),
    "refund": ("奖励退回", "Rewards returned"),
    "withdrawal": ("退回出资方", "Given back"),
}
LIMIT_WINDOWS: dict[str, Pair] = {"total": ("总共", "In total"), "month": ("每月", "A month")}
ANNOUNCEMENT_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "scheduled": ("定时发布", "Scheduled"),
    "published": ("已发布", "Published"),
    "expired": ("已过期", "Expired"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
PLEDGE_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "open": ("签署中", "Open"),
    "closed": ("已截止", "Closed"),
}
CAMPAIGN_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "scheduled": ("待开始", "Scheduled"),
    "open": ("进行中", "Open"),
    "closed": ("已结束", "Closed"),
    "settled": ("已结算", "Settled"),
    "archived": ("已归档", "Archived"),
}
TASK_KINDS: dict[str, Pair] = {
    "log": ("打卡次数", "Times logged"),
    "days": ("打卡天数", "Days with an act"),
    "grams": ("减排量（克）", "Grams avoided"),
    "amount": ("行为数量", "Amount done"),
    "streak": ("连续天数", "Days in a row"),
    "scan": ("到点扫码", "Scan a place"),
    "team": ("共同目标", "Team goal"),
    "quiz": ("通过测验", "Pass a quiz"),
    "pledge": ("签署公约", "Sign a pledge"),
    "session": ("参加课程活动", "Attend a session"),
}
LEVELS: dict[str, Pair] = {
    "declared": ("自报", "Declared"),
    "photo": ("照片", "Photo"),
    "device": ("设备", "Device"),
    "partner": ("合作方", "Partner"),
}
MARKS: dict[str, Pair] = {
    "R": ("官方发布", "Official"),
    "S": ("标准或文献", "Standard or study"),
    "D": ("由公开数据推算", "Derived from published data"),
    "K": ("通行认识", "Common knowledge"),
    "proposal": ("本平台建议值", "Our proposal"),
}
CAP_PERIODS: dict[str, Pair] = {
    "act": ("每次", "an act"),
    "day": ("每天", "a day"),
    "week": ("每周", "a week"),
    "month": ("每月", "a month"),
    "meal": ("每餐", "a meal"),
}
ACT_REASONS: dict[str, Pair] = {
    "awaiting_review": ("等待核验", "Awaiting review"),
    "photo_reused": ("照片曾被使用", "The photo was used before"),
    "daily_cap_reached": ("到达每日上限", "Daily cap reached"),
    "weekly_cap_reached": ("到达每周上限", "Weekly cap reached"),
    "monthly_cap_reached": ("到达每月上限", "Monthly cap reached"),
    "per_act_cap_reached": ("到达单次上限", "Cap of one act reached"),
    "declared_daily_limit_reached": ("到达自报每日限额", "Daily limit of declared acts reached"),
    "daily_points_limit_reached": ("到达每日积分限额", "Daily points limit reached"),
    "counted_elsewhere": ("已在别处计算", "Counted elsewhere"),
    "counted_in_part": ("部分已在别处计算", "Counted in part elsewhere"),
    "member_left": ("账号已注销", "The member left"),
    "trip_overlaps": ("与另一段行程重叠", "Overlaps another trip"),
    "monthly_points_limit_reached": ("到达表计每月积分限额", "Monthly limit of points from meters"),
    "scanned_too_fast": ("两次扫码相隔太远", "Two scans too far apart"),
    "metered_at_home": ("家里的表已计入", "Measured by the meter at home"),
    "photo_similar": ("照片与以前的相似", "The photo resembles an earlier one"),
    "photo_time_differs": ("拍摄时间不符", "The photo was taken at another time"),
    "drop_after_peak": ("用量高峰后的下降", "A fall after a peak of use"),
    "steep_first_year": ("首年用量降幅过大", "A steep fall in the meter's first year"),
    "use_too_high": ("日均用量高得少见", "Rarely high daily use"),
    "use_too_low": ("日均用量低得少见", "Rarely low daily use"),
    "register_replaced": ("当月换过表", "The device was replaced that month"),
    "file_without_photo": ("账单文件没有照片印证", "A file without a photo of the meter"),
    "photo_needs_review": ("此前照片多次未通过，先核验", "Earlier photos did not hold; looked at first"),
    "taken_back": ("抽查未通过，已收回", "Taken back after a second look"),
    "rejected_on_review": ("核验未通过", "Rejected on review"),
}
# What a reviewer most often says; the key is sent, the sentence is kept and shown to the member.
REJECTIONS: dict[str, Pair] = {
    "unclear": ("照片看不清，无法确认", "The photo is too unclear to confirm the act"),
    "mismatch": ("照片内容与所报行为不符", "The photo does not show the act that was reported"),
    "quantity": ("数量与照片不符", "The amount does not fit the photo"),
    "not_own": ("照片疑似来自网络或他人", "The photo seems to come from elsewhere"),
    "duplicate": ("与已有记录重复", "It repeats an earlier record"),
    "pace": ("轨迹速度与所报出行方式不符", "The pace does not fit the way of travel that was chosen"),
}
FREEZE_REASONS: dict[str, Pair] = {
    "cheating": ("疑似作弊，待调查", "Suspected cheating, under investigation"),
    "stolen": ("账号疑似被盗", "The account seems to be stolen"),
    "request": ("本人申请", "At the member's own request"),
}
JOBS: dict[str, Pair] = {
    "honours.move": ("荣誉评选推进", "Honours move on"),
    "methods.what_if": ("方法试算", "Method what-if"),
    "audit_ledger": ("账本审计", "Ledger audit"),
    "expire_redemptions": ("到期兑换退回", "Refund expired redemptions"),
    "ledger.expire": ("积分到期", "Expire points"),
    "activities.purge_photos": ("删除核验满 30 天的照片", "Delete photos 30 days after the verdict"),
    "meters.settle": ("表计按月结算", "Settle months of meters"),
    "review.screen_acts": ("抽样与风险检查", "Draw samples, look for risk"),
    "review.find_groups": ("查找同步账号", "Look for accounts in step"),
    "review.sweep": ("清理核验记录", "Sweep review records"),
    "inbox.gather": ("汇集待发邮件", "Gather e-mails that are due"),
    "inbox.mail": ("发送邮件", "Send an e-mail"),
    "inbox.code": ("发送邮箱验证码", "Send a code by e-mail"),
    "inbox.sweep_mail": ("清理邮件记录", "Sweep traces of e-mails"),
    "inbox.sweep_notices": ("删除 400 天前的消息", "Delete notices after 400 days"),
    "members.purge_spent": ("清理过期登录", "Clear spent sessions and codes"),
    "move_campaigns": ("活动开始与结束", "Open and close campaigns"),
    "catch_up_campaigns": ("活动进度", "Campaign progress"),
    "rankings.catch_up": ("更新榜单", "Bring boards up to date"),
    "rankings.relist": ("重排榜单", "Relist boards"),
    "rankings.close": ("榜单结算", "Close boards"),
    "rankings.energy": ("更新节能榜", "Bring energy boards up to date"),
    "statistics.count": ("统计公开数据", "Count public figures"),
    "sweep_finished_jobs": ("清理已完成任务", "Clear finished jobs"),
}
ACCOUNTS: dict[str, Pair] = {
    "reduction": ("减排来源", "Reductions made"),
    "declared": ("自报减排", "Declared grams"),
    "verified": ("核实减排", "Verified grams"),
    "awarded": ("已发放", "Awarded"),
    "granted": ("专项资金发放", "Granted from funds"),
    "points": ("可用积分", "Available points"),
    "held": ("冻结积分", "Held points"),
    "spent": ("已使用", "Spent"),
    "expired": ("已过期", "Expired"),
}
FACTOR_ROLES: dict[str, Pair] = {
    "baseline": ("基准线", "baseline"),
    "activity": ("行为", "activity"),
    "both": ("系数", "multiplies"),
    "evidence": ("凭证", "evidence"),
}
METHOD_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "approved": ("已批准", "Approved"),
    "withdrawn": ("已搁置", "Put aside"),
}
CLOSING_STATES: dict[str, Pair] = {
    "reviewing": ("待复核", "To be reviewed"),
    "freezing": ("冻结中", "Being frozen"),
    "frozen": ("待批准", "To be approved"),
    "published": ("已公布", "Published"),
}
PERIOD_KINDS: dict[str, Pair] = {"week": ("周", "week"), "month": ("月", "month"), "year": ("年", "year")}
RUN_STATES: dict[str, Pair] = {
    "queued": ("等待试算", "Waiting"),
    "running": ("试算中", "Running"),
    "done": ("已试算", "Worked out"),
    "failed": ("试算失败", "Failed"),
}
ACTIONS: dict[str, Pair] = {
    "feed.handed_in": ("交来合作方文件", "Partner's file handed in"),
    "feed.trial": ("试算合作方文件", "Partner's file tried out"),
    "feed.import": ("导入合作方文件", "Partner's file sent to be imported"),
    "feed.imported": ("合作方文件已导入", "Partner's file imported"),
    "feed.dropped": ("删除合作方文件", "Partner's file deleted"),
    "feed.linked": ("绑定合作方账号", "Partner's account linked"),
    "feed.unlinked": ("解除合作方账号", "Partner's account unlinked"),
    "method.draft": ("起草方法", "Method drafted"),
    "method.change": ("修改方法草稿", "Method draft changed"),
    "method.withdraw": ("搁置方法草稿", "Method draft put aside"),
    "method.what_if": ("试算方法", "Method tried on history"),
    "method.approve": ("批准方法", "Method approved"),
    "activity.accept": ("核验通过", "Act accepted"),
    "activity.reject": ("核验驳回", "Act rejected"),
    "activity.first.accept": ("核验通过（待第二人）", "Accepted by the first of two"),
    "activity.first.reject": ("核验驳回（待第二人）", "Rejected by the first of two"),
    "activity.second.accept": ("第二人意见不同：通过", "The second differs: accept"),
    "activity.second.reject": ("第二人意见不同：驳回", "The second differs: reject"),
    "sample.open": ("提请抽查", "Asked to be looked at"),
    "sample.pass": ("抽查通过", "Sample held"),
    "sample.fail": ("抽查未通过，收回", "Sample did not hold, taken back"),
    "sample.first.pass": ("抽查通过（待第二人）", "Held, says the first of two"),
    "sample.first.fail": ("抽查未通过（待第二人）", "Did not hold, says the first of two"),
    "sample.second.pass": ("第二人意见不同：通过", "The second differs: held"),
    "sample.second.fail": ("第二人意见不同：未通过", "The second differs: did not hold"),
    "risk.clear": ("风险排除", "Risk cleared"),
    "risk.confirm": ("风险属实", "Risk confirmed"),
    "risk.first.clear": ("风险排除（待第二人）", "Cleared by the first of two"),
    "risk.first.confirm": ("风险属实（待第二人）", "Confirmed by the first of two"),
    "risk.second.clear": ("第二人意见不同：排除", "The second differs: clear"),
    "risk.second.confirm": ("第二人意见不同：属实", "The second differs: confirm"),
    "appeal.overturn": ("申诉成立，恢复计入", "Appeal right, credited again"),
    "appeal.uphold": ("申诉不成立", "Appeal not upheld"),
    "appeal.first.overturn": ("申诉成立（待第二人）", "Appeal right, says the first of two"),
    "appeal.first.uphold": ("申诉不成立（待第二人）", "Not upheld, says the first of two"),
    "appeal.second.overturn": ("第二人意见不同：成立", "The second differs: right"),
    "appeal.second.uphold": ("第二人意见不同：不成立", "The second differs: not upheld"),
    "reputation.reopen": ("恢复照片计入", "Photos earn again"),
    "trip.looked_at": ("打开轨迹", "Track opened"),
    "track.view": ("查看轨迹", "Track seen"),
    "photo.view": ("查看照片", "Photo seen"),
    "member.frozen": ("冻结用户", "Member frozen"),
    "member.unfrozen": ("解冻用户", "Member unfrozen"),
    "role.granted": ("授予角色", "Role given"),
    "role.revoked": ("收回角色", "Role taken back"),
    "reward.create": ("新增权益", "Reward created"),
    "reward.change": ("修改权益", "Reward changed"),
    "reward.stock": ("调整库存", "Stock changed"),
    "reward.status": ("上下架", "Shelf changed"),
    "merchant.create": ("新增商家", "Merchant created"),
    "merchant.change": ("修改商家", "Merchant changed"),
    "redemption.fulfil": ("核销", "Fulfilled"),
    "announcement.create": ("新建公告", "Announcement written"),
    "announcement.edit": ("修改公告", "Announcement changed"),
    "announcement.publish": ("发布公告", "Announcement published"),
    "announcement.withdraw": ("撤回公告", "Announcement withdrawn"),
    "unit.create": ("创建单元", "Unit created"),
    "unit.department": ("新增部门", "Department added"),
    "unit.rename": ("单元改名", "Unit renamed"),
    "unit.rotate_code": ("更换加入码", "Join code renewed"),
    "unit.set_admin": ("设置单元管理员", "Unit administrator set"),
    "unit.remove_member": ("移出成员", "Member removed"),
    "unit.on_boards": ("榜单显示", "Shown on boards"),
    "unit.close": ("关闭单元", "Unit closed"),
    "place.created": ("新建地点", "Place created"),
    "place.changed": ("修改地点", "Place changed"),
    "place.opened": ("启用地点", "Place opened"),
    "place.closed": ("停用地点", "Place closed"),
    "place.renewed": ("地点换新码", "Place given a new code"),
    "lesson.create": ("新建课程", "Lesson written"),
    "lesson.edit": ("修改课程", "Lesson changed"),
    "lesson.publish": ("发布课程", "Lesson published"),
    "lesson.withdraw": ("撤下课程", "Lesson taken down"),
    "question.create": ("新增题目", "Question added"),
    "question.edit": ("修改题目", "Question changed"),
    "question.withdraw": ("撤下题目", "Question withdrawn"),
    "question.return": ("恢复题目", "Question in use again"),
    "question.upload": ("上传题库文件", "File of questions handed in"),
    "question.import": ("题库导入", "Questions taken in"),
    "question.drop": ("作废题库文件", "File of questions dropped"),
    "quiz.create": ("新建测验", "Quiz written"),
    "quiz.edit": ("修改测验", "Quiz changed"),
    "quiz.open": ("开放测验", "Quiz opened"),
    "quiz.close": ("关闭测验", "Quiz closed"),
    "training.create": ("新建讲座", "Session set up"),
    "training.edit": ("修改讲座", "Session changed"),
    "training.cancel": ("取消讲座", "Session called off"),
    "training.attended": ("更正签到", "Attendance corrected"),
    "indicator.enter": ("填报指标", "Indicator entered"),
    "energy.area": ("填报建筑面积", "Floor area told"),
    "energy.heads": ("填报用能人数", "Headcount told"),
    "energy.reading": ("填报用能", "Energy reading told"),
    "energy.target": ("设能耗目标", "Energy target set"),
    "energy.choice": ("选择是否公示用能", "Chose whether to publish"),
    "energy.quota": ("录入能耗定额", "Energy quota entered"),
    "energy.upload": ("上传用能文件", "File of readings uploaded"),
    "energy.file": ("导入用能文件", "File of readings taken in"),
    "energy.platform": ("导入能源平台文件", "Platform’s file taken in"),
    "energy.drop_file": ("作废用能文件", "File of readings dropped"),
    "energy.code": ("对应表计编码", "Meter code set"),
    "energy.publish": ("公示用能", "Energy use published"),
    "energy.tick": ("考核管理项", "Management item judged"),
    "energy.close_year": ("关闭年度节能考核", "Energy year closed"),
    "energy.letter": ("起草考核通知", "Letter drafted"),
    "energy.send_letter": ("签发考核通知", "Letter sent"),
    "energy.drop_letter": ("搁置考核通知", "Letter put aside"),
    "energy.answer": ("答复整改通知", "Notice answered"),
    "campaign.create": ("新建活动", "Campaign created"),
    "campaign.change": ("修改活动", "Campaign changed"),
    "campaign.scheduled": ("发布活动预告", "Campaign announced"),
    "campaign.draft": ("撤回活动预告", "Announcement taken back"),
    "campaign.open": ("活动开始", "Campaign opened"),
    "campaign.closed": ("活动结束", "Campaign closed"),
    "campaign.settled": ("活动结算", "Campaign settled"),
    "campaign.archived": ("活动归档", "Campaign archived"),
    "campaign.summary": ("生成活动总结", "Campaign summary made"),
    "campaign.picture": ("活动总结加照片", "Picture added to a summary"),
    "campaign.picture_removed": ("活动总结去掉照片", "Picture left out of a summary"),
    "campaign.pay_again": ("补发活动奖励", "Campaign bonuses due again"),
    "audit.run": ("运行审计", "Audit asked for"),
    "job.retry": ("重试任务", "Job tried again"),
}
TONES: dict[str, str] = {
    "open": "good", "on": "good", "published": "good", "active": "good", "accepted": "good", "done": "good",
    "scheduled": "info", "draft": "", "off": "warn", "pending": "warn", "frozen": "bad", "rejected": "bad",
    "withdrawn": "warn", "failed": "bad",
}  # fmt: skip


def say(table: dict[str, Pair], code: str | None) -> str:
    """The word for a code in the request's language; an unknown code speaks for itself."""
    return t(*table[code]) if code in table else (code or "–")


def options(table: dict[str, Pair]) -> list[Pair]:
    """Choices for a select or radios."""
    return [(code, t(*pair)) for code, pair in table.items()]


def tone(code: str) -> str:
    return TONES.get(code, "")


def span(seconds: float | None) -> str:
    """3 分钟, 2 小时, 5 天: one unit, cut."""
    if seconds is None:
        return t("从未", "never")
    whole = max(0, int(seconds))
    for size, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if whole >= size:
            return t(f"{whole // size} {zh}", f"{whole // size} {en}")
    return t(f"{whole} 秒", f"{whole} s")


def since(at: datetime | None, now: datetime) -> str:
    return span((now - at).total_seconds() if at else None)


def action(code: str) -> str:
    """What an entry of the journal says was done."""
    return say(ACTIONS, code)


def detail(values: Mapping[str, Any]) -> str:
    """The detail of a journal entry on one line: name: value, name: was → is."""
    return t("；", "; ").join(f"{name}: {_plain(value)}" for name, value in values.items())[:400]


def _plain(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"was", "is"}:
        return f"{value['was']} → {value['is']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    return str(value)


def when(text: str) -> str:
    """A job's timetable in words: 60 s, hour=3 minute=0."""
    if text.endswith(" s") and text[:-2].isdigit():
        return t("每 ", "every ") + span(int(text[:-2]))
    fields = dict(part.split("=", 1) for part in text.split() if "=" in part)
    if set(fields) == {"hour", "minute"} and fields["hour"].isdigit() and fields["minute"].isdigit():
        return t("每天 ", "daily ") + f"{int(fields['hour'])}:{int(fields['minute']):02d}"
    if set(fields) == {"minute"} and fields["minute"].isdigit():
        return t(f"每小时 {int(fields['minute'])} 分", f"hourly at :{int(fields['minute']):02d}")
    return text


def job(name: str) -> str:
    return say(JOBS, name)
