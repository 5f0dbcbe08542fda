"""The words of the two e-mails there are, as text and simple HTML, in the member's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from html import escape
from typing import Any

from webapp.inbox.digests import Line
from webapp.inbox.mailing import off_token
from webapp.inbox.topics import NAMES
from webapp.web.i18n import speaking, t
from webapp.web.urls import is_local


def code_letter(settings: Any, member_id: int, to: str, lang: str | None, code: str, made: str) -> EmailMessage:
    """The code that proves an address."""
    with speaking(lang or "zh-CN"):
        says = [
            t(f"您的验证码是 {code}，30 分钟内有效。", f"Your code is {code}. It is good for 30 minutes."),
            t("请在“消息设置”页面填写。不要把它告诉任何人。", "Type it on the page “Notices”. Tell nobody."),
            t(
                "如果不是您本人操作，可以不理会；点下面的链接，我们会删除这个地址。",
                "If it was not you, do nothing, or use the link below and we delete this address.",
            ),
        ]
        subject = t("碳普惠：邮箱验证码", "Puhui: your e-mail code")
        html = "".join(f"<p>{escape(line)}</p>" for line in says)
        return _letter(settings, member_id, to, subject, "\n\n".join(says), html, made)


def digest_letter(
    settings: Any, member_id: int, to: str, lang: str | None, day: date, lines: Sequence[Line], more: int
) -> EmailMessage:
    """What happened, title by title; the rest is said in the app, behind the sign-in."""
    with speaking(lang or "zh-CN"):
        count = len(lines) + more
        subject = t(f"碳普惠：{count} 条新消息", f"Puhui: {count} new notice{'s' if count != 1 else ''}")
        text, html = [t("您好，", "Hello,")], [f"<p>{escape(t('您好，', 'Hello,'))}</p>"]
        for topic in dict.fromkeys(line.topic for line in lines):
            name = t(*NAMES[topic])
            mine = [line for line in lines if line.topic == topic]
            text.append(
                "\n".join([f"{name}", *(f"- {t(x.title_zh, x.title_en)}\n  {_url(settings, x.link)}" for x in mine)])
            )
            rows = "".join(
                f'<li><a href="{escape(_url(settings, x.link))}">{escape(t(x.title_zh, x.title_en))}</a></li>'
                for x in mine
            )
            html.append(f"<h2>{escape(name)}</h2><ul>{rows}</ul>")
        if more:
            rest = t(f"还有 {more} 条，请到“消息”里看。", f"And {more} more in your inbox.")
            text.append(rest)
            html.append(f"<p>{escape(rest)}</p>")
        made = f"{member_id}.{day.isoformat()}"
        return _letter(settings, member_id, to, subject, "\n\n".join(text), "".join(html), made)


def _letter(settings: Any, member_id: int, to: str, subject: str, text: str, html: str, made: str) -> EmailMessage:
    off = f"{settings.address}/mail/off/{off_token(settings, member_id)}"
    inbox, choose = f"{settings.address}/inbox", f"{settings.address}/inbox/settings"
    why = t(
        f"{settings.park_name}碳普惠平台按您的设置发送此邮件：每天最多一封，每周最多三封，安静时段不发。",
        f"Sent by the carbon-inclusive platform of {settings.park_name} as you chose: at most one a day, three a week, none in quiet hours.",
    )
    stop, see, change = t("不再接收邮件", "Stop these e-mails"), t("查看消息", "Open the inbox"), t("设置", "Choices")
    letter = EmailMessage()
    letter["From"] = settings.smtp_from or "puhui@localhost.localdomain"
    letter["To"] = to
    letter["Subject"] = subject
    letter["Message-ID"] = f"<{made}@{str(letter['From']).split('@')[1]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["List-Unsubscribe"] = f"<{off}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(f"{text}\n\n{see}: {inbox}\n\n-- \n{why}\n{stop}: {off}\n{change}: {choose}\n", cte="base64")
    foot = (
        f'<p><a href="{escape(inbox)}">{escape(see)}</a></p><hr><p><small>{escape(why)}<br>'
        f'<a href="{escape(off)}">{escape(stop)}</a> · <a href="{escape(choose)}">{escape(change)}</a></small></p>'
    )
    lang = t("zh-CN", "en")
    page = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{escape(subject)}</title><body>{html}{foot}</body></html>'
    letter.add_alternative(page, subtype="html", cte="base64")
    return letter


def _url(settings: Any, link: str) -> str:
    return str(settings.address) + (link if link and is_local(link) else "/inbox")
