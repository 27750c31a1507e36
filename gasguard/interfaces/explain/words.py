"""The sentences, in two languages, by type of event and by reason. What none is written for yet
gets one made of the names in `home_assistant.words`.

In braces stands what `sentences` puts there; `{by}`, `{set}`, `{label}` and the like are whole
phrases, or nothing.
"""

from dataclasses import dataclass

from gasguard.interfaces.home_assistant.words import WORDS, Language, Words


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's."""

    names: Words
    events: dict[str, str]
    """By type, or by `type:reason` where a reason has one of its own."""
    any_event: str
    """For types that have none."""
    causes: dict[str, str]
    """Why a burner was shut off, by the trip's reason."""
    any_cause: str
    """For reasons that have none."""
    closed_outside: str
    parts: dict[str, str]
    """Phrases that sentences are made of."""
    now: dict[str, str]
    """How things stand, by phase or what is wrong."""
    stop: str
    """Ends a sentence."""
    capitals: bool
    """A sentence begins with one."""


TEXTS: dict[Language, Texts] = {
    "en": Texts(
        names=WORDS["en"],
        events={
            "trip": "It was told to shut off: {cause}",
            "trip_confirmed": "The relay confirmed, after {latency}, that the circuit is open",
            "trip_failed": "The shutoff failed{message}",
            "rearmed": "The circuit was read back closed again: it can be lit",
            "timer_started": "A {duration} timer{label} was set{by}",
            "timer_started:when_lit": "A {duration} timer{label} was set{by}, to begin when the "
            "flame is seen",
            "timer_started:flame_lit": "The {duration} timer{label} set{by} began, as the flame "
            "was lit",
            "timer_started:flame_unseen": "The {duration} timer{label} set{by} began{message}",
            "timer_extended": "The timer was extended by {extended}{by}",
            "timer_extended:max_burn": "Its longest burn was put off by {extended}{by}",
            "timer_extended:unattended": "The warning was answered: {extended} more{by}",
            "timer_cancelled": "The timer was cancelled{by}",
            "timer_cancelled:already_off": "The timer ended while the circuit was open already",
            "prewarning": "It warned before a shutoff ({reason}){left}",
            "prewarning:timer": "It warned that the timer was about to end{left}",
            "prewarning:max_burn": "It warned that it had burnt for nearly as long as it may{left}",
            "prewarning:unattended": "It warned that nobody was near the stove{left}",
            "prewarning:away": "It warned that nobody was at home{left}",
            "prewarning:schedule": "It warned that the schedule{named} would shut it off{left}",
            "flame_lit": "The flame was seen lit",
            "flame_out": "The flame was seen out",
            "relay_unreachable": "The relay could not be reached any more{message}",
            "relay_recovered": "The relay could be reached again",
            "sensor_silent": "The sensor {sensor} could not be relied on{message}",
            "sensor_recovered": "The sensor {sensor} could be heard again",
            "sensor_tested": "The sensor {sensor} was tested",
            "locked": "It was locked: {reason}{by_sensor}{by}",
            "locked:schedule": "The schedule{named} locked it",
            "unlocked": "A lock was lifted ({reason}){by}",
            "command_rejected": "{answer} (a command{by})",
            "proof_test_passed": "A proof test was passed",
            "proof_test_failed": "A proof test failed{message}",
            "reminder": "A reminder came{label}{late}",
            "reminder:restart": "A reminder came{label} as gasguard started again: nobody could "
            "know how much time was over",
            "reminder_set": "A {duration} reminder{label} was set{by}",
            "reminder_cancelled": "A reminder{label} was cancelled{by}",
            "message_sent": "A message{to} was delivered",
            "message_failed": "A message{to} could not be delivered{message}{tried_again}",
            "schedule_skipped": "The schedule{named} was left out once{by}",
            "guard_started": "gasguard started",
            "guard_started:crash": "gasguard started again{starts}; it had ended without a word "
            "(killed, crashed or frozen){since}",
            "guard_started:reboot": "gasguard started again{starts} after the machine itself had "
            "started anew (power cut or reboot){since}",
            "guard_started:stopped": "gasguard started again after it had been stopped",
            "guard_started:first": "gasguard started",
            "guard_stopped": "gasguard was stopped",
            "more": "({n} more events: gasguard history)",
        },
        any_event="{what}{of_reason}{by}{message}",
        causes={
            "remote": "an off came{by}",
            "voice": "an off came from Mi Home (by voice, its app or an automation)",
            "timer": "its {duration} timer{label}{set}{extended_by} ended",
            "max_burn": "it had burnt for as long as max_burn allows{lit_since}{unseen}",
            "unattended": "it burnt while nobody was near the stove{by_sensor}",
            "away": "it burnt while nobody was at home{by_sensor}",
            "schedule": "the schedule{named} said so",
            "lease": "the relay's own countdown ran out: gasguard had not renewed it in time",
            "gas_alarm": "{alarm} warned of gas",
            "carbon_monoxide": "{alarm} warned of carbon monoxide",
            "smoke_alarm": "{alarm} warned of smoke",
            "overheat": "{alarm} warned of heat",
            "lock": "the child lock was switched on{by}",
            "restart": "gasguard had started again and could not know how much time was over",
            "shutdown": "gasguard was stopped while it was in use (on_shutdown)",
            "proof_test": "a proof test opened the circuit{by}",
        },
        any_cause="{reason}{by}{message}",
        closed_outside="something else had closed the circuit while it had to stay open, and "
        "gasguard opened it again",
        parts={
            "by": " by {who}",
            "label": ' "{label}"',
            "message": " ({message})",
            "set": ", set{by} at {minute},",
            "begun": ", set{by} and begun at {minute},",
            "late": ", {late} late",
            "to": " to {to}",
            "tried_again": "; it is tried again",
            "set_unknown": " (set{by}; when is not in the history)",
            "extended_by": " extended by {extended} in all,",
            "lit_since": ", since {minute}",
            "unseen": ", counted although no sound word of its flame came",
            "alarm": "the sensor {sensor}",
            "an_alarm": "an alarm",
            "by_sensor": " ({sensor})",
            "left": ", {left} before",
            "starts": " ({starts} times in a row)",
            "since": "; the last entry before that is of {last}",
            "of_reason": ": {reason}",
            "at": "at {time}",
            "on": "on {day} at {time}",
            "went_out": "{name} went out {when} because {cause}; {end}",
            "was_shut": "{name} was shut off {when} because {cause}; {end}",
            "was_told": "{name} was told to shut off {when} because {cause}; {end}",
            "confirmed": "the relay confirmed after {latency}",
            "confirmed_late": "that was not confirmed in time{message}, and the relay confirmed "
            "after {latency}",
            "burnt_on": "the relay confirmed after {latency} that the circuit is open, but the "
            "shutoff failed{message}",
            "unconfirmed": "no read-back has confirmed that the circuit opened{message}: turn the "
            "stove off by hand",
            "first_cause": "It had been shut off before, {when}, because {cause}",
            "by_hand": "{name} went out {when} without gasguard, its circuit not opened: somebody "
            "turned it off, or the flame died",
            "no_trip": "No shutoff of {name} is on record",
            "lost": "What led to that is not found in the history: too long ago, or lost with the "
            "disk or a crash",
            "unread": "The history cannot be read, so what led to it is not known: {why}",
            "chain": "How it came about:",
            "trouble": "gasguard itself: {message}",
            "minute_long": "{n}-minute",
            "second_long": "{n}-second",
            "minutes": "{n} minutes",
            "seconds": "{n} seconds",
            "h": "{n} h",
            "min": "{n} min",
            "s": "{n} s",
        },
        now={
            "starting": "{name}: the relay has not been read since gasguard started, so nothing is "
            "known of its circuit",
            "burns": "{name} burns, as its flame sensor says{since}",
            "burns_inferred": "{name} seems to burn, as inferred by its flame sensor{since}",
            "lit_shut": "Its flame still reads lit: a sensor stays hot for a while",
            "out": "{name} can be lit: its circuit was read back closed, and its flame is out",
            "unseen": "{name} can be lit: its circuit was read back closed; whether it burns is "
            "not known, as no flame sensor says so",
            "unread": "{name}: no read-back of its relay has come lately, so nobody knows whether "
            "its circuit is closed",
            "tripping": "{name} is being shut off; no read-back has confirmed it yet",
            "tripped": "{name} is off: its circuit was read back open, and is closed again by "
            "itself after rearm_after, once no flame is seen",
            "tripped_unread": "{name} was shut off, but no read-back of its relay has come lately: "
            "look at the stove",
            "locked_out": "{name} is kept off by: {locks}; its circuit was read back open",
            "locked_unread": "{name} is to be kept off by: {locks}; but no read-back shows its "
            "circuit open now: look at the stove",
            "trip_failed": "{name} COULD NOT BE SHUT OFF; gasguard keeps trying: turn the stove "
            "off by hand",
            "other": "{name}: {phase}",
            "timer": "Its {duration} timer{label} ends {when}",
            "timer_unsure": "Its {duration} timer{label} ends {when}, which cannot be promised "
            "while the relay cannot be reached",
            "timer_waits": "A {duration} timer{label} waits for its flame, and begins when that is "
            "seen",
            "reminder": "A reminder{label} comes {when}",
            "max_burn": "max_burn shuts it off {when} at the latest",
            "since": "{reason} since {when}{by_sensor}{by}",
            "since:schedule": "The schedule{named} has locked it since {when}",
            "reports": "No re-arm while {sensor} still reports",
            "rearm": "Look at the stove, then end it at the Pi: gasguard rearm {burner}",
            "unlock": "The child lock ends with: gasguard unlock {burner}",
            "schedule": "The schedule's lock ends with its window, or a skip: gasguard schedule",
            "relay": "Relay: {message}",
            "unreachable": "Relay: it cannot be reached{message}",
            "sensor": "Sensor {sensor}: it {message}",
        },
        stop=".",
        capitals=True,
    ),
    "zh": Texts(
        names=WORDS["zh"],
        events={
            "trip": "发出关火命令：{cause}",
            "trip_confirmed": "继电器在 {latency} 后确认回路已断开",
            "trip_failed": "关火失败{message}",
            "rearmed": "读回回路已重新闭合，可以点火",
            "timer_started": "{who}设了{duration}定时{label}",
            "timer_started:when_lit": "{who}设了{duration}定时{label}，看到火焰后开始",
            "timer_started:flame_lit": "{who}设的{duration}定时{label}随点火开始",
            "timer_started:flame_unseen": "{who}设的{duration}定时{label}开始{message}",
            "timer_extended": "{who}把定时延长了{extended}",
            "timer_extended:max_burn": "{who}把最长燃烧时间延长了{extended}",
            "timer_extended:unattended": "{who}回应了预警：再给{extended}",
            "timer_cancelled": "{who}取消了定时",
            "timer_cancelled:already_off": "定时结束时回路已经断开",
            "prewarning": "关火前预警（{reason}）{left}",
            "prewarning:timer": "预警：定时即将结束{left}",
            "prewarning:max_burn": "预警：快到最长燃烧时间{left}",
            "prewarning:unattended": "预警：灶旁无人{left}",
            "prewarning:away": "预警：家里没人{left}",
            "prewarning:schedule": "预警：日程{named}即将关火{left}",
            "flame_lit": "看到火焰点燃",
            "flame_out": "看到火焰熄灭",
            "relay_unreachable": "联系不上继电器{message}",
            "relay_recovered": "又能联系上继电器",
            "sensor_silent": "传感器 {sensor} 不可信{message}",
            "sensor_recovered": "传感器 {sensor} 恢复",
            "sensor_tested": "传感器 {sensor} 做了测试",
            "locked": "已锁定：{reason}{by_sensor}{by}",
            "locked:schedule": "被日程{named}锁定",
            "unlocked": "解除锁定（{reason}）{by}",
            "command_rejected": "来自{who}的命令{answer}",
            "proof_test_passed": "关火测试通过",
            "proof_test_failed": "关火测试未通过{message}",
            "reminder": "提醒{label}{late}",
            "reminder:restart": "gasguard 重新启动，无法知道时间过了多久，立即提醒{label}",
            "reminder_set": "{who}设了{duration}后的提醒{label}",
            "reminder_cancelled": "{who}取消了提醒{label}",
            "message_sent": "{to}消息已送达",
            "message_failed": "{to}消息未能送达{message}{tried_again}",
            "schedule_skipped": "{who}把日程{named}跳过一次",
            "guard_started": "gasguard 启动",
            "guard_started:crash": "gasguard 重新启动{starts}；此前未经正常停止就中断了"
            "（被杀死、崩溃或卡死）{since}",
            "guard_started:reboot": "机器重新启动（断电或重启）后 gasguard 再次启动{starts}{since}",
            "guard_started:stopped": "gasguard 正常停止后再次启动",
            "guard_started:first": "gasguard 启动",
            "guard_stopped": "gasguard 被停止",
            "more": "（还有 {n} 条：gasguard history）",
        },
        any_event="{what}{of_reason}{by}{message}",
        causes={
            "remote": "{who}发来关火命令",
            "voice": "米家发来关火（语音、App 或自动化）",
            "timer": "{set}{duration}定时{label}{extended_by}到时",
            "max_burn": "燃烧时间达到 max_burn 上限{lit_since}{unseen}",
            "unattended": "燃烧时灶旁无人{by_sensor}",
            "away": "燃烧时家里没人{by_sensor}",
            "schedule": "日程{named}规定",
            "lease": "继电器自身的倒计时走完：gasguard 没有及时续期",
            "gas_alarm": "{alarm}发出燃气报警",
            "carbon_monoxide": "{alarm}发出一氧化碳报警",
            "smoke_alarm": "{alarm}发出烟雾报警",
            "overheat": "{alarm}发出过热报警",
            "lock": "童锁被打开{by}",
            "restart": "gasguard 重新启动，无法知道时间过了多久",
            "shutdown": "使用中 gasguard 被停止（on_shutdown）",
            "proof_test": "关火测试断开了回路{by}",
        },
        any_cause="{reason}{by}{message}",
        closed_outside="回路应保持断开时被别的东西闭合，gasguard 又把它断开",
        parts={
            "by": "（{who}）",
            "label": "“{label}”",
            "message": "（{message}）",
            "set": "{who}于 {minute} 设的",
            "begun": "{who}设的、于 {minute} 开始的",
            "late": "，晚了 {late}",
            "to": "给 {to} 的",
            "tried_again": "，继续重试",
            "set_unknown": "{who}设的（何时设的已不在历史中）",
            "extended_by": "（共延长{extended}）",
            "lit_since": "（自 {minute} 起）",
            "unseen": "（没有可靠的火焰信号，仍按燃烧计时）",
            "alarm": "传感器 {sensor} ",
            "an_alarm": "报警器",
            "by_sensor": "（{sensor}）",
            "left": "，提前{left}",
            "starts": "（连续 {starts} 次）",
            "since": "；此前最后一条记录在 {last}",
            "of_reason": "：{reason}",
            "at": "{time}",
            "on": "{day} {time}",
            "went_out": "{name}于 {when} 熄灭，因为{cause}；{end}",
            "was_shut": "{name}于 {when} 被关火，因为{cause}；{end}",
            "was_told": "{name}于 {when} 收到关火命令，因为{cause}；{end}",
            "confirmed": "继电器在 {latency} 后确认",
            "confirmed_late": "没有及时确认{message}，继电器在 {latency} 后才确认",
            "burnt_on": "继电器在 {latency} 后确认回路断开，但关火失败{message}",
            "unconfirmed": "没有读回证实回路已断开{message}：请手动关灶",
            "first_cause": "此前它已于 {when} 被关火，因为{cause}",
            "by_hand": "{name}于 {when} 自行熄灭，gasguard 没有断开回路：有人关了灶，"
            "或火焰自己灭了",
            "no_trip": "没有{name}被关火的记录",
            "lost": "历史中找不到起因：时间太久，或因磁盘、崩溃而丢失",
            "unread": "历史读不出来，所以不知道起因：{why}",
            "chain": "经过：",
            "trouble": "gasguard 自身：{message}",
            "minute_long": " {n} 分钟",
            "second_long": " {n} 秒",
            "minutes": " {n} 分钟",
            "seconds": " {n} 秒",
            "h": " {n} 小时",
            "min": "{n} 分",
            "s": "{n} 秒",
        },
        now={
            "starting": "{name}：gasguard 启动后还没有读到继电器，回路状态不明",
            "burns": "{name}正在燃烧{since}",
            "burns_inferred": "{name}看来在燃烧（推断，并非测得）{since}",
            "lit_shut": "火焰信号仍为点燃：传感器冷却需要时间",
            "out": "{name}可以点火：读回回路闭合，火焰已灭",
            "unseen": "{name}可以点火：读回回路闭合；没有火焰传感器的信号，不知道是否在燃烧",
            "unread": "{name}：最近没有读回继电器，不知道回路是否闭合",
            "tripping": "{name}正在关火；还没有读回证实",
            "tripped": "{name}已关火：读回回路断开；过了 rearm_after 且看不到火焰后会自动闭合",
            "tripped_unread": "{name}被关火，但最近没有读回继电器：请到灶前查看",
            "locked_out": "{name}被锁定关火：{locks}；读回回路断开",
            "locked_unread": "{name}应被锁定关火：{locks}；但现在没有读回证实回路断开："
            "请到灶前查看",
            "trip_failed": "{name}未能关火！gasguard 仍在尝试：请手动关灶",
            "other": "{name}：{phase}",
            "timer": "{duration}定时{label}将于 {when} 结束",
            "timer_unsure": "{duration}定时{label}将于 {when} 结束，但联系不上继电器，不能保证",
            "timer_waits": "{duration}定时{label}等待点火，看到火焰后开始",
            "reminder": "将于 {when} 提醒{label}",
            "max_burn": "最迟于 {when} 因 max_burn 关火",
            "since": "{reason}自 {when} 起{by_sensor}{by}",
            "since:schedule": "日程{named}自 {when} 起锁定",
            "reports": "{sensor} 仍在报警，不能恢复",
            "rearm": "请先查看灶具，再在本机恢复：gasguard rearm {burner}",
            "unlock": "解除童锁：gasguard unlock {burner}",
            "schedule": "日程的锁定在时段结束或跳过后解除：gasguard schedule",
            "relay": "继电器：{message}",
            "unreachable": "继电器：联系不上{message}",
            "sensor": "传感器 {sensor}：{message}",
        },
        stop="。",
        capitals=False,
    ),
}
