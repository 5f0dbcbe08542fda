"""The words for every error code and every field reason, Chinese and English side by side."""

from __future__ import annotations

from typing import Any

from webapp.web import messages_energy, messages_honours, messages_learning, messages_units
from webapp.web.i18n import t

# Codes of refusals; docs/errors.md lists them. Rooms add theirs at the end, one line each.
MESSAGES: dict[str, tuple[str, str]] = {
    "invalid_input": ("有内容需要修改，请看标出的地方", "Something needs changing; see the marked fields"),
    "bad_request": ("这个请求无法理解", "This request could not be understood"),
    "forbidden": ("您没有权限打开这里", "You may not open this"),
    "not_found": ("没有找到您要的内容", "Nothing was found here"),
    "method_not_allowed": ("这个地址不支持这样访问", "This address does not take that kind of request"),
    "not_acceptable": ("无法按要求的格式回答", "No answer in the format asked for"),
    "too_large": ("内容太大了，请减小后再试", "That is too large; make it smaller and try again"),
    "unsupported_media_type": ("不支持这种内容格式", "This kind of content is not supported"),
    "busy": ("现在人比较多，请过几秒再试", "Busy right now; please try again in a few seconds"),
    "fault": ("我们这边出了问题，已记录", "Something broke on our side; it has been noted"),
    "no_guard": ("这个页面还没有开放", "This page is not open"),
    "csrf_failed": ("页面放得太久了，请返回刷新后再提交", "The page went stale; go back, reload and send it again"),
    "sign_in_required": ("请先登录", "Please sign in first"),
    "bad_credentials": ("账号或密码不正确", "The login or password is not right"),
    "bad_code": ("验证码不正确或已过期", "The code is wrong or has expired"),
    "too_many_attempts": ("尝试次数太多，请稍后再试", "Too many attempts; please try again later"),
    "too_many_requests": ("操作太快了，请稍等几秒", "Too fast; please wait a few seconds"),
    "too_many_codes": ("验证码发送太频繁，请稍后再试", "Too many codes were sent; please try again later"),
    "step_up_required": ("为了您的安全，请再确认一次身份", "To keep you safe, please confirm it is you"),
    "member_frozen": ("账号已被冻结，请联系客服", "This account is frozen; please contact support"),
    "staff_only": ("只有工作人员可以打开这里", "Only staff may open this"),
    "unit_admin_only": ("只有绿色单元管理员可以打开这里", "Only administrators of a green unit may open this"),
    "merchant_only": ("只有商家可以打开这里", "Only merchants may open this"),
    "unknown_member": ("没有找到这位用户", "No such member"),
    "already_imported": ("这条记录已经计入过", "This record has been counted already"),
    "unknown_indicator": ("没有这项指标", "No such indicator"),
    "unknown_place": ("没有这个地点，编号可能已经更换", "No such place; its code may have changed"),
    "place_closed": ("这里现在不开放，扫码不计入", "This place is not open now; a scan does not count"),
    "place_unknown_here": (
        "需要先核对您是否在附近，请允许使用位置",
        "We need to check that you are near; please allow your location",
    ),
    "too_far_away": ("您离这里太远，扫码不计入", "You are too far from this place for a scan to count"),
    "code_not_on_screen": ("屏幕上的码已经更换，请再扫一次", "The code on the screen has changed; please scan again"),
    "code_used": (
        "这个码您已经用过，等屏幕换新码后再扫",
        "You have used this code; wait for the next one on the screen",
    ),
    "place_daily_cap": (
        "这里每天每人最多计 {most} 次，今天已满",
        "This place counts {most} times a day; today is full",
    ),
    "plates_daily_cap": (
        "纸质码牌每天最多计 {most} 次，今天已满",
        "Printed plates count {most} times a day; today is full",
    ),
    "places_managers_only": ("只有单元管理员和编辑可以管理地点", "Only unit administrators and editors manage places"),
    "location_consent_required": ("需要先同意使用位置", "This needs your consent to use your location first"),
    "login_taken": ("这个登录名已被使用", "This login is taken"),
    "phone_taken": ("这个手机号已被使用", "This phone number is already in use"),
    "unknown_role": ("没有这种角色", "There is no such role"),
    "last_administrator": ("至少要保留一位管理员", "At least one administrator must remain"),
    "admin_token_invalid": ("这个一次性链接无效或已过期", "This one-time link is not valid or has expired"),
    "consent_missing": ("需要先同意这项用途", "This needs your consent first"),
    "unknown_device": ("没有找到这台设备", "No such device"),
    "not_yourself": ("不能对自己这样做", "You cannot do this to yourself"),
    "already_resolved": ("已经处理过了", "This has been dealt with already"),
    "no_code_asked": ("请先获取验证码", "Please ask for a code first"),
    "mail_unavailable": ("平台还没有开通邮件，消息只在这里显示", "E-mail is not set up; notices appear here only"),
    "unknown_link": ("这个链接不完整或不是我们发出的", "This link is cut short, or not from us"),
    "unknown_topic": ("没有这种消息", "No such kind of notice"),
    "sms_unavailable": ("暂时不能发送短信，请用密码登录", "Text messages are not available; please use your password"),
    "unknown_purpose": ("没有这项用途", "There is no such purpose"),
    "not_yours": ("这不是您的内容", "This is not yours"),
    "already_fulfilled": ("这个兑换码已经核销过了", "This code has been used already"),
    "account_frozen": ("账户已被冻结，暂时不能记录或兑换", "This account is frozen: no acts or redemptions for now"),
    "already_member": (
        "您已经加入了同类的绿色单元，请先退出",
        "You already belong to a unit of this kind; leave it first",
    ),
    "audit_waits": ("已有一次审计在排队", "An audit is already waiting"),
    "factor_not_in_force": ("这一天还没有可用的系数", "No factor was in force on that day"),
    "methodology_not_in_force": ("这一天还没有可用的方法学", "No method was in force on that day"),
    "family_full": ("这个家庭已经满员", "This family is full"),
    "insufficient_points": ("积分不足", "Not enough points"),
    "last_unit_admin": ("至少要保留一位单元管理员", "At least one unit administrator must remain"),
    "limit_reached": ("已达到每人限兑数量", "You have reached the limit per person"),
    "no_departments": ("这项操作不适用于部门", "This does not apply to departments"),
    "not_eligible": ("您不符合参加条件", "You do not meet the conditions"),
    "not_expired_yet": ("还没有到期", "Not expired yet"),
    "not_failed": ("这个任务没有失败，不用重试", "This job has not failed"),
    "not_loggable": ("这种行为暂时不能手动记录", "This act cannot be logged by hand"),
    "not_published": ("还没有发布", "Not published yet"),
    "unknown_case": ("没有找到这件核验", "No such case"),
    "own_unit": (
        "不能核验本单位的人，请交给其他同事",
        "You cannot decide about people of your own unit; a colleague has to",
    ),
    "same_reviewer": ("这件须由另一位同事判断", "Somebody else has to decide this one"),
    "administrator_decides": ("两位同事意见不一，由管理员决定", "Two colleagues differ; an administrator decides"),
    "not_rejected": ("这条记录没有被驳回，不需要申诉", "This record was not refused; there is nothing to appeal"),
    "appeal_window_closed": ("申诉期限（{days} 天）已过", "The time to appeal ({days} days) is over"),
    "not_stopped": ("这位用户的照片没有被暂停", "This member's photos are not stopped"),
    "not_your_own": ("不能处理与自己有关的事项", "You cannot decide about yourself"),
    "out_of_stock": ("已经兑完了", "Out of stock"),
    "redemption_cancelled": ("这个兑换已取消", "This redemption was cancelled"),
    "redemption_expired": ("这个兑换已过期，积分已退回", "This redemption has expired; the points are back"),
    "request_reused": ("这个编号已用于另一次操作", "This id was used for something else"),
    "reward_off": ("这个权益已下架", "This reward is no longer offered"),
    "roles_apart": ("这两种角色不能由同一人担任", "One person cannot hold these two roles"),
    "undo_window_closed": ("超过了可以撤销的时间", "The time to undo is over"),
    "unknown_activity": ("没有找到这条行为记录", "No such act"),
    "unknown_announcement": ("没有找到这条公告", "No such announcement"),
    "unknown_behaviour": ("没有这种行为", "No such behaviour"),
    "unknown_board": ("没有这个榜单", "No such board"),
    "unknown_campaign": ("没有找到这个活动", "No such campaign"),
    "unknown_code": ("没有找到这个码，请核对后再输", "No such code; please check and type it again"),
    "unknown_fulfilment": ("没有找到这次核销", "No such fulfilment"),
    "unknown_merchant": ("没有找到这个商家", "No such merchant"),
    "unknown_methodology": ("没有这个方法学", "No such method"),
    "unknown_notice": ("没有找到这条消息", "No such message"),
    "unknown_period": ("没有这个周期", "No such period"),
    "unknown_template": ("没有这个模板", "There is no such template"),
    "unknown_pledge": ("没有找到这份公约", "No such pledge"),
    "pledge_closed": ("这份公约已截止签署", "This pledge can no longer be signed"),
    "pledge_changed": (
        "公约文字有更新，请读过新版再签署",
        "The text has changed; please read the new edition and sign that",
    ),
    "not_for_you": ("这份公约不是给你这一方签的", "This pledge is for others to sign"),
    "nothing_to_publish": ("没有可发布的草稿", "There is no draft to publish"),
    "unknown_redemption": ("没有找到这次兑换", "No such redemption"),
    "unknown_report": ("没有找到这份报告", "No such report"),
    "unknown_reward": ("没有找到这个权益", "No such reward"),
    "unknown_certificate": ("没有找到这份证书", "No such certificate"),
    "unknown_challenge": ("没有找到这个挑战", "No such challenge"),
    "no_challenges": ("家庭不能发起挑战", "Families set up no challenges"),
    "challenge_over": ("结束时间已经过去，请改日期", "It would be over already; please change the dates"),
    "challenge_findings": (
        "还有 {count} 处问题要先改，请看检查结果",
        "{count} findings have to be mended first; see the check",
    ),
    "not_taking_part": ("您还没有参加这个挑战", "You are not taking part"),
    "enough_kudos": (
        "今天的鼓励已送完，每天最多 {limit} 次",
        "That is enough cheering for today: at most {limit} a day",
    ),
    "unknown_fund": ("没有找到这个资金账户", "No such fund"),
    "campaign_impossible": (
        "有 {n} 处谁也做不到，改好后再发布",
        "{n} things nobody could do; mend them before announcing it",
    ),
    "fund_too_small": ("余额只有 {available} 分", "Only {available} points are there"),
    "unknown_unit": ("没有找到这个绿色单元", "No such green unit"),
    "unknown_trip": ("没有找到这趟行程", "No such trip"),
    "unknown_upload": ("没有找到这张照片", "No such photo"),
    "window_closed": ("不在活动时间内", "Outside the campaign's dates"),
    "account_taken": ("这个账号已绑定另一位用户", "This account belongs to another member already"),
    "unknown_meter": ("没有找到这块表", "No such meter"),
    "unknown_reading": ("没有找到这次读数", "No such reading"),
    "meter_taken": (
        "这块表已经绑定在一个家庭名下。刚搬进来？请让原住户解除绑定，或联系我们",
        "This meter is bound to a household already. Just moved in? Ask who lived there to give it up, or write to us",
    ),
    "meter_closed": ("这块表已解除绑定", "This meter is no longer bound"),
    "meter_has_readings": (
        "这块表已有读数，不能再按用量导入",
        "This meter has readings; it cannot be told by usage as well",
    ),
    "credited_elsewhere": (
        "同一段行程已由后来的另一条记录计入，不能再计一次",
        "A later record of the same ride has been credited; it cannot count twice",
    ),
    "meter_by_usage": (
        "这块表按账单用量导入，请继续导入文件",
        "This meter goes by the usage of files; please import files",
    ),
    "too_many_meters": ("最多 {limit} 块表", "At most {limit} meters"),
    "reading_goes_back": (
        "读数不会变小：{before_on} 是 {before}，{after_on} 却是 {after}。请核对，打错的可以删除",
        "A meter does not run back: {before} on {before_on}, yet {after} on {after_on}. Please check; a wrong one can be removed",
    ),
    "reading_differs": (
        "{on} 已有读数 {there}，与 {told} 不同",
        "{on} has the reading {there} already, which is not {told}",
    ),
    "reading_settled": ("这次读数已用于结算，不能删除", "This reading has been settled with and stays"),
    "unknown_draft": ("没有这份草稿", "There is no such draft"),
    "draft_has_faults": (
        "草稿还有 {count} 处问题，请先改正",
        "The draft still has faults ({count}); please mend them first",
    ),
    "what_if_missing": (
        "这份文本还没有试算，请先试算",
        "What this text would have changed has not been worked out yet",
    ),
    "what_if_waits": ("已经在试算了", "It is being worked out already"),
    "figure_too_fine": ("因子位数太多，无法用于汇总", "The figure has too many digits to be summed up"),
}

# Reasons beside a field (Invalid.fields); rooms add theirs at the end, one line each.
REASONS: dict[str, tuple[str, str]] = {
    "required": ("请填写", "Please fill this in"),
    "invalid": ("格式不正确", "This does not look right"),
    "too_long": ("太长了", "Too long"),
    "not_a_number": ("请填写数字", "Please enter a number"),
    "too_large": ("数值太大", "Too large"),
    "not_a_choice": ("请从列出的选项里选", "Please pick one of the choices"),
    "unknown_field": ("不认识的内容", "Not expected here"),
    "wrong_type": ("类型不正确", "The wrong type"),
    "phone": ("请填写 11 位手机号", "Please enter an 11-digit mobile number"),
    "phone_taken": ("这个手机号已被使用", "This phone number is already in use"),
    "login": (
        "4–32 位小写字母、数字或短横线，以字母开头",
        "4–32 lower-case letters, digits or hyphens, starting with a letter",
    ),
    "login_taken": ("这个登录名已被使用", "This login is taken"),
    "nickname": ("2–16 个字，不含特殊符号", "2–16 characters, no special signs"),
    "nickname_reserved": ("这个昵称容易让人误会，请换一个", "This nickname could mislead others; choose another"),
    "nickname_number": ("昵称里请不要放电话号码", "Please keep phone numbers out of the nickname"),
    "password_short": ("密码至少 8 位", "At least 8 characters"),
    "password_short_staff": ("工作人员密码至少 12 位", "Staff need at least 12 characters"),
    "password_long": ("密码最多 128 位", "At most 128 characters"),
    "password_common": ("这个密码太常见，容易被猜到", "This password is too common and easy to guess"),
    "password_mismatch": ("两次输入不一致", "The two entries differ"),
    "bad_code": ("验证码不正确或已过期", "The code is wrong or has expired"),
    "bad_password": ("密码不正确", "The password is not right"),
    "age": ("需要年满 14 周岁", "You need to be 14 or older"),
    "consent": ("需要同意后才能继续", "You need to agree to go on"),
    "confirm_word": ("请按提示输入确认文字", "Please type the confirmation as shown"),
    "goal": ("请填写 1 到 1000 公斤", "Please enter 1 to 1,000 kg"),
    "unit_unknown": ("没有这个名称的单元，请填全称", "No unit of this name; please give the full name"),
    "unit_twice": (
        "有两个同名的单元，请联系管理员改名",
        "Two units have this name; an administrator has to rename one",
    ),
    "mail_address": ("请填写正确的邮箱地址，例如 name@example.cn", "Please enter an address such as name@example.cn"),
    "mail_hour": ("请填写时间，例如 21:00", "Please enter a time such as 21:00"),
    "bad_day": ("日期不正确", "Not a day"),
    "bad_dimensions": ("照片尺寸不合适", "The photo's size does not fit"),
    "before_start": ("早于开始时间", "Before the start"),
    "below_spent": ("不能少于已经发出的数量", "Less than has been given already"),
    "ends_before_start": ("结束时间早于开始时间", "Ends before it starts"),
    "evidence_required": ("这种行为需要凭证", "This act needs evidence"),
    "full_width_digits": ("请用半角数字", "Please use plain digits"),
    "in_future": ("时间不能晚于现在", "Not in the future, please"),
    "in_past": ("时间已经过去", "This is in the past"),
    "join_code": ("加入码是 8 位以内的字母和数字", "Join codes are up to 8 letters and digits"),
    "missing": ("缺少这一项", "Missing"),
    "not_a_source_name": ("请用 2 到 40 个小写字母、数字、- 或 _", "Use 2 to 40 small letters, digits, - and _"),
    "not_a_cursor": ("翻页位置不正确", "Not a place to go on from"),
    "not_a_page": ("页码不正确", "Not a page number"),
    "not_a_photo": ("这不是照片", "Not a photo"),
    "not_a_uuid": ("编号格式不正确", "Not a UUID"),
    "not_accepted": ("不接受这种凭证", "This evidence is not accepted"),
    "not_an_object": ("需要一个 JSON 对象", "A JSON object is needed"),
    "not_json": ("不是有效的 JSON", "Not valid JSON"),
    "not_loggable": ("这种行为暂时不能手动记录", "This act cannot be logged by hand"),
    "out_of_bounds": ("超出允许的范围", "Outside the allowed range"),
    "out_of_season": ("不在适用的季节", "Out of season"),
    "reason_required": ("请写明原因", "Please give a reason"),
    "taken": ("已被使用", "Already taken"),
    "too_many": ("太多了", "Too many"),
    "too_old": ("时间太久了，只能补记最近的", "Too long ago to log"),
    "unit_mismatch": ("单位不符", "The unit does not fit"),
    "unknown": ("没有这一项", "Unknown"),
    "too_many_photos": ("最多 4 张照片", "At most 4 photos"),
    "more_than_a_photo": ("文件里不只有照片", "The file holds more than a photo"),
    "unreadable": ("照片无法读取", "The photo cannot be read"),
    "unknown_upload": ("没有找到这张照片", "No such photo"),
    "must_be_positive": ("请填大于 0 的数", "Please enter more than 0"),
    "must_be_whole": ("请填整数", "Please enter a whole number"),
    "too_many_decimals": ("最多三位小数", "At most three decimals"),
    "missing_file": ("请选择文件", "Please choose a file"),
    "too_many_files": ("文件太多，一次最多 20 个", "Too many files; at most 20 at a time"),
    "file_too_large": (
        "文件太大，最多 10 MB，解压后最多 40 MB",
        "The file is too large: at most 10 MB, 40 MB unpacked",
    ),
    "not_a_recording": (
        "这不是行程文件，请上传 GPX、TCX 或 GeoJSON",
        "This is not a recording; please send GPX, TCX or GeoJSON",
    ),
    "unreadable_recording": (
        "文件已损坏，读不出来，请重新导出",
        "The file is damaged and cannot be read; please export it again",
    ),
    "hostile_xml": (
        "文件里有不允许的内容（DTD 或实体），没有读取",
        "The file holds what is not allowed (a DTD or entities); it was not read",
    ),
    "route_only": (
        "这是规划路线，没有时间；请上传实际走过的记录",
        "This is a planned route without times; please send a recording of the trip",
    ),
    "too_many_points": ("定位点太多，最多 50000 个", "Too many points; at most 50,000"),
    "no_fixes": ("没有找到带时间的定位点", "No positions with times were found"),
    "not_a_list": ("定位点要是一个列表", "The points have to be a list"),
    "bad_instant": ("时间不对", "Not a time of ours"),
    "unreadable_points": ("定位点的格式不对", "The points are not in the form described"),
    "place_code": (
        "编号是 8 位字母和数字，不含 0、O、1、I、L",
        "The code is 8 letters and digits, without 0, O, 1, I and L",
    ),
    "bad_time": ("请填 24 小时制的时间，例如 08:30", "Please enter the time as 08:30"),
    "photo_reused": ("这张照片已经用过，请重新拍一张", "This photo has been used; please take another"),
    "meter_number": ("表号是 4–24 位数字或字母", "4–24 digits or letters"),
    "meter_figure": ("请填表上的数字，最多三位小数", "The figure on the meter, at most three decimals"),
    "beyond_register": ("超过了表的位数", "More digits than the meter has"),
    "bad_month": ("月份不正确，例如 2026-10", "Not a month such as 2026-10"),
    "bad_temperature": ("气温要在 −50 到 50 之间", "Between −50 and 50, please"),
    "file_too_big": ("文件太大，请分几次导入", "The file is too big; import it in parts"),
    "not_a_table": ("这不是 CSV 表格", "Not a CSV table"),
    "no_rows": ("文件里没有数据行", "The file has no rows"),
    "too_many_rows": ("行数太多，请分几次导入", "Too many rows; import it in parts"),
    "no_column_number": ("缺少“表号”这一列", "The column “meter number” is missing"),
    "no_column_on": ("缺少“日期”这一列", "The column “date” is missing"),
    "no_column_month": ("缺少“月份”这一列", "The column “month” is missing"),
    "no_column_value": ("缺少“读数”这一列", "The column “reading” is missing"),
    "no_column_usage": ("缺少“用量”这一列", "The column “usage” is missing"),
    "no_column_mean": ("缺少“平均气温”这一列", "The column “mean temperature” is missing"),
    "no_meter_yet": ("请先绑定一块表", "Please bind a meter first"),
    "usage_beside_readings": (
        "这块表已有读数，请导入读数而不是用量",
        "This meter has readings; import readings, not usage",
    ),
    "month_apart": ("月份要连着，中间不能缺", "Months must follow each other without a gap"),
    "colour": ("请填六位颜色代码，例如 0a7a4d", "Six hexadecimal digits, such as 0a7a4d"),
    "colour_too_light": (
        "颜色太浅，文字看不清（对比度不足 4.5:1），请选深一些",
        "Too light to read (less than 4.5:1); please take a darker one",
    ),
    "twice_in_file": ("文件里出现了两次", "Stands twice in the file"),
}

MESSAGES |= messages_units.MESSAGES
MESSAGES |= messages_energy.MESSAGES
MESSAGES |= messages_honours.MESSAGES
REASONS |= messages_units.REASONS
REASONS |= messages_energy.REASONS
MESSAGES |= messages_learning.MESSAGES
REASONS |= messages_learning.REASONS


def message(code: str, facts: dict[str, Any] | None = None) -> str:
    """The sentence for a code in the request's language; an unknown code speaks for itself."""
    pair = MESSAGES.get(code)
    if pair is None:
        return code
    text = t(*pair)
    try:
        return text.format(**facts) if facts and "{" in text else text
    except (KeyError, IndexError):
        return text


def reason(code: str | None) -> str:
    """The words beside a field: by reason or error code; a ready sentence is passed through."""
    if not code:
        return ""
    pair = REASONS.get(code) or MESSAGES.get(code)
    return t(*pair) if pair else code
