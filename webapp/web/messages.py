"""The words for every error code and every field reason, Chinese and English side by side."""

from __future__ import annotations

from typing import Any

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
    "unknown_redemption": ("没有找到这次兑换", "No such redemption"),
    "unknown_report": ("没有找到这份报告", "No such report"),
    "unknown_reward": ("没有找到这个权益", "No such reward"),
    "unknown_unit": ("没有找到这个绿色单元", "No such green unit"),
    "unknown_upload": ("没有找到这张照片", "No such photo"),
    "window_closed": ("不在活动时间内", "Outside the campaign's dates"),
    "account_taken": ("这个账号已绑定另一位用户", "This account belongs to another member already"),
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
    "more_than_a_photo": ("文件里不只有照片", "The file holds more than a photo"),
    "unreadable": ("照片无法读取", "The photo cannot be read"),
    "unknown_upload": ("没有找到这张照片", "No such photo"),
    "must_be_positive": ("请填大于 0 的数", "Please enter more than 0"),
    "must_be_whole": ("请填整数", "Please enter a whole number"),
    "too_many_decimals": ("最多三位小数", "At most three decimals"),
    "bad_time": ("请填 24 小时制的时间，例如 08:30", "Please enter the time as 08:30"),
}


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
