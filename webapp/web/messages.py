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
}

# Reasons beside a field (Invalid.fields); rooms add theirs at the end, one line each.
REASONS: dict[str, tuple[str, str]] = {
    "required": ("请填写", "Please fill this in"),
    "invalid": ("格式不正确", "This does not look right"),
    "too_long": ("太长了", "Too long"),
    "too_short": ("太短了", "Too short"),
    "not_a_number": ("请填写数字", "Please enter a number"),
    "too_small": ("数值太小", "Too small"),
    "too_large": ("数值太大", "Too large"),
    "not_a_choice": ("请从列出的选项里选", "Please pick one of the choices"),
    "unknown_field": ("不认识的内容", "Not expected here"),
    "wrong_type": ("类型不正确", "The wrong type"),
    "phone": ("请填写 11 位手机号", "Please enter an 11-digit mobile number"),
    "phone_taken": ("这个手机号已被使用", "This phone number is already in use"),
    "login": ("4–32 位小写字母、数字或短横线，以字母开头", "4–32 lower-case letters, digits or hyphens, starting with a letter"),
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
