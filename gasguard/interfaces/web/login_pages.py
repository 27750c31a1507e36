"""The pages to log in and to set the password, in English and Chinese, without JavaScript."""

import html

from gasguard.interfaces.home_assistant.words import Language

_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "login": "Log in",
        "setup": "Choose a password",
        "password": "Password",
        "new_password": "New password, at least 8 characters",
        "code": "Setup code",
        "code_hint": "Run this on the Raspberry Pi; it prints the code:",
        "logout": "Log out",
        "off": "OFF for all",
        "off_hint": "needs no password",
        "forgotten": "Forgotten? On the Raspberry Pi:",
        "malformed": "Fill in every field.",
        "wrong_password": "This is not the password.",
        "wrong_code": "This is not the code. Run gasguard web-code again: each code works once.",
        "already_set": "A password is set already: log in with it.",
        "setup_needed": "There is no password yet.",
        "too_many": "Somebody is guessing at the password. Try again in 10 seconds.",
        "short": "Use at least 8 characters.",
        "long": "Use at most 256 characters.",
        "easy": "This is too easy to guess: not digits alone, at least 4 different characters.",
        "not_saved": "The password cannot be saved: look at the Raspberry Pi's card.",
        "damaged": "The saved password is damaged. On the Raspberry Pi: gasguard web-code --reset",
    },
    "zh": {
        "login": "登录",
        "setup": "设置密码",
        "password": "密码",
        "new_password": "新密码,至少 8 个字符",
        "code": "设置码",
        "code_hint": "在树莓派上运行下面的命令,它会显示设置码:",
        "logout": "退出登录",
        "off": "全部关火",
        "off_hint": "不需要密码",
        "forgotten": "忘记密码?在树莓派上运行:",
        "malformed": "请填写每一项。",
        "wrong_password": "密码不对。",
        "wrong_code": "设置码不对。请重新运行 gasguard web-code:每个设置码只能用一次。",
        "already_set": "已经设置过密码,请用它登录。",
        "setup_needed": "还没有设置密码。",
        "too_many": "有人在猜密码。请 10 秒后再试。",
        "short": "至少要 8 个字符。",
        "long": "最多 256 个字符。",
        "easy": "太容易猜到:不能全是数字,至少要有 4 个不同的字符。",
        "not_saved": "密码无法保存:请检查树莓派的存储卡。",
        "damaged": "保存的密码已损坏。在树莓派上运行:gasguard web-code --reset",
    },
}
STYLE = "/static/login.css"


def said(code: str) -> str:
    """What is told of a fault, in English."""
    return _TEXTS["en"][code]


def login_page(language: Language, fault: str | None = None) -> str:
    """Where the password is typed; `fault` is the code of what was wrong the last time."""
    texts = _TEXTS[language]
    fields = _field("password", texts["password"], "password", "current-password")
    below = f"<p>{_safe(texts['forgotten'])} <code>gasguard web-code --reset</code></p>"
    return _page(language, "login", fields, below, fault)


def setup_page(language: Language, fault: str | None = None) -> str:
    """Where the first password is chosen."""
    texts = _TEXTS[language]
    fields = (
        f"<p>{_safe(texts['code_hint'])} <code>gasguard web-code</code></p>"
        + _field("code", texts["code"], "text", "off")
        + _field("password", texts["new_password"], "password", "new-password")
    )
    return _page(language, "setup", fields, "", fault)


def logout_page(language: Language) -> str:
    """What somebody finds at /login who has logged in."""
    return _page(language, "logout", "", "", None)


def _page(language: Language, what: str, fields: str, below: str, fault: str | None) -> str:
    texts = _TEXTS[language]
    told = f'<p role="alert">{_safe(texts[fault])}</p>' if fault else ""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(texts[what])} · gasguard</title>"
        f'<link rel="stylesheet" href="{STYLE}"></head><body><main>'
        f"<h1>{_safe(texts[what])}</h1>{told}"
        f'<form method="post" action="/api/{what}">{fields}'
        f'<button type="submit">{_safe(texts[what])}</button></form>{below}'
        '<form method="post" action="/api/off" class="off">'
        f'<button type="submit">{_safe(texts["off"])}</button>'
        f" <small>{_safe(texts['off_hint'])}</small></form></main></body></html>\n"
    )


def _field(name: str, label: str, kind: str, completed: str) -> str:
    return (
        f'<p><label for="{name}">{_safe(label)}</label> '
        f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{completed}" required></p>'
    )


def _safe(text: str) -> str:
    return html.escape(text)
