"""The comments of the file, in both languages."""

from gasguard.cli.setup.words import Language
from gasguard.config.edit import Comments

_EN: dict[tuple[str, ...], str] = {
    ("mqtt",): "The broker: firmware_notes/mqtt.md. A list of hosts is tried in turn.",
    ("mqtt", "password"): "in a file that only the daemon's user may read",
    ("state_dir",): "timers, locks, history, and the socket of the command line",
    ("burners",): "Each burner with its relay: firmware_notes/wiring.md, firmware_notes/relays.md.",
    ("burners", "*", "name"): "what people see",
    ("burners", "*", "relay", "host"): "give it a fixed address in the router",
    ("burners", "*", "relay", "token"): "joining the module to Wi-Fi anew changes it",
    ("burners", "*", "relay", "switch"): "the wired channel",
    ("burners", "*", "relay", "contact"): "power loss: normally_open shuts off, "
    "normally_closed leaves a stove",
    ("burners", "*", "relay", "lease"): "it opens by itself when gasguard dies; test it first: "
    "firmware_notes/relays.md",
    ("burners", "*", "relay", "device"): "its name at the broker",
    ("burners", "*", "voice"): "the unwired channel that is named 燃气灶 in Mi Home",
    ("web",): "The page on phones: firmware_notes/web.md.",
    ("messages",): "Messages to phones: firmware_notes/messages.md. Try: gasguard messages test",
}
_ZH: dict[tuple[str, ...], str] = {
    ("mqtt",): "Broker:firmware_notes/mqtt.zh-CN.md。可以写几个主机,轮流连。",
    ("mqtt", "password"): "放在只有守护进程用户能读的文件里",
    ("state_dir",): "定时、锁定、历史,还有命令行用的 socket",
    ("burners",): "每个灶眼和它的继电器:firmware_notes/wiring.zh-CN.md、relays.zh-CN.md。",
    ("burners", "*", "name"): "给人看的名字",
    ("burners", "*", "relay", "host"): "在路由器里给它固定地址",
    ("burners", "*", "relay", "token"): "模块重新配网后会变",
    ("burners", "*", "relay", "switch"): "接线的那一路",
    ("burners", "*", "relay", "contact"): "停电时:normally_open 关火,normally_closed 和普通灶一样",
    ("burners", "*", "relay", "lease"): "gasguard 死了它自己断开;先测试:"
    "firmware_notes/relays.zh-CN.md",
    ("burners", "*", "relay", "device"): "它在 broker 上的名字",
    ("burners", "*", "voice"): "不接线、在米家里叫燃气灶的那一路",
    ("web",): "手机上的页面:firmware_notes/web.zh-CN.md。",
    ("messages",): "发到手机的消息:firmware_notes/messages.zh-CN.md。试一试:gasguard messages test",
}
_HEADER: dict[Language, str] = {
    "en": """\
# gasguard's configuration, written by `gasguard setup`, which can be run again and changes only
# what is answered anew. Every key there is: config.example.yaml, firmware_notes/contract.md.
# Look through it: gasguard check-config -c FILE, gasguard doctor
# Instead of any value: !env NAME (an environment variable) or !file PATH (a file's content).
""",
    "zh": """\
# gasguard 的配置,由 `gasguard setup` 写成。可以再运行它,只改重新回答的。
# 所有的键:config.example.yaml、firmware_notes/contract.zh-CN.md。
# 检查:gasguard check-config -c 文件,gasguard doctor
# 任何一个值都可以写成 !env 名字(环境变量)或 !file 路径(文件的内容)。
""",
}


def comments_of(language: Language) -> Comments:
    """By place."""
    return _ZH if language == "zh" else _EN


def header_of(language: Language) -> str:
    """How a new file begins."""
    return _HEADER[language]
