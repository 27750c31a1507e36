"""What messages say, in two languages: what has happened, and what to do about it.

Names of reasons and locks are Home Assistant's (`interfaces.home_assistant.words`), in full
sentences here. In braces: `burner` its name, `id` its id, `sensor`, `why` the guard's own
explanation, `label`, `at` a time of day, `reason` a reason's or lock's name, `schedule` its name.
"""

from dataclasses import dataclass

from gasguard.interfaces.home_assistant.words import Language


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language."""

    reasons: dict[str, str]
    """Why a burner is shut off, to stand behind a colon; by trip reason."""
    sources: dict[str, str]
    """Who asked; by the contract's `source`."""
    hazards: dict[str, tuple[str, str]]
    """Alarms: what it is, and what to do; by trip reason."""
    events: dict[str, tuple[str, str]]
    """All else, by type of event: what it is, and what to do (may be empty)."""
    confirmed: tuple[str, str]
    """`trip`, once the relay has been read back open."""
    by: str
    """Behind a reason: who asked."""
    label: str
    """A reminder's, behind the word for it."""
    flame_sensor: str
    because: str
    """Before the guard's own explanation, which is English."""
    at: str
    more: str
    test: tuple[str, str]


_KNOB = "Turn its knob off before anybody lights it again."
_KNOB_ZH = "下次点火前，请先把旋钮拧到关。"

SENTENCES: dict[Language, Sentences] = {
    "en": Sentences(
        reasons={
            "remote": "somebody asked for it",
            "voice": "somebody asked for it by voice or in Mi Home",
            "timer": "its timer ended",
            "max_burn": "it had burned for too long",
            "unattended": "nobody was looking after it",
            "away": "nobody is at home",
            "schedule": "it must be off at this time",
            "lease": "the relay's own countdown ended, because gasguard had not renewed it",
            "gas_alarm": "a gas alarm",
            "carbon_monoxide": "a carbon monoxide alarm",
            "smoke_alarm": "a smoke alarm",
            "overheat": "it became too hot",
            "lock": "somebody has locked it",
            "restart": "gasguard was started again, and could not be sure of it",
            "shutdown": "gasguard is being stopped",
            "proof_test": "somebody is testing the shutoff",
        },
        sources={
            "mqtt": "by MQTT or Home Assistant",
            "cli": "on the command line",
            "web": "on the page",
            "mi_home": "in Mi Home",
            "bemfa": "through bemfa",
            "schedule": "by the schedule",
        },
        hazards={
            "gas_alarm": (
                "GAS ALARM. {burner} is being shut off and stays locked.",
                "No switch, no flame, no telephone in there. Open the windows, shut the gas valve "
                "if you can, leave, and call the gas emergency number from outside. Re-arm only "
                "when the alarm is over and the leak is found.",
            ),
            "carbon_monoxide": (
                "CARBON MONOXIDE ALARM. {burner} is being shut off and stays locked.",
                "Everybody out into fresh air, windows open, then call the emergency number. "
                "Re-arm only when the alarm is over and its cause is found.",
            ),
            "smoke_alarm": (
                "SMOKE ALARM. {burner} is being shut off and stays locked.",
                "Look at the kitchen if that is safe. In case of fire leave and call the fire "
                "brigade. Re-arm only when the alarm is over.",
            ),
            "overheat": (
                "TOO HOT. {burner} is being shut off and stays locked.",
                "Look at the kitchen now: a pan may have boiled dry. No water on burning fat: put "
                "a lid on it. Re-arm once it has cooled down.",
            ),
        },
        events={
            "trip": (
                "{burner} is being shut off, not confirmed yet: {reason}.",
                "If it cannot be shut off, the next message says so. " + _KNOB,
            ),
            "trip_confirmed": ("{burner} is off: {reason}.", _KNOB),
            "trip_failed": (
                "{burner} could NOT be shut off, and may still burn.",
                "Turn it off by hand now, at its knob; if that does not help, at the gas valve. "
                "gasguard keeps trying.",
            ),
            "prewarning": (
                "{burner} will be shut off at {at}: {reason}.",
                "To go on cooking, give it more time: gasguard timer {id} +5m, or the button in "
                "Home Assistant.",
            ),
            "prewarning only": (
                "{burner}: {reason}.",
                "Look after it: gasguard only warns of this flame, and shuts nothing off.",
            ),
            "prewarning timer": (
                "{burner} will be shut off at {at}, when its timer ends.",
                "To go on cooking, give it more time: gasguard timer {id} +5m, or the button in "
                "Home Assistant.",
            ),
            "prewarning schedule": (
                "{burner} will be shut off at {at}: {reason}.",
                "To go on cooking, skip that once: gasguard schedule {schedule} skip, or the "
                "button in Home Assistant.",
            ),
            "prewarning mi_home": (
                "{burner} will be shut off at {at}, when the countdown ends that was set in Mi "
                "Home.",
                "To go on cooking, cancel it there: nothing else can put it off.",
            ),
            "reminder": ("{burner}: the reminder{label} is due.", ""),
            "reminder late": (
                "{burner}: the reminder{label} was due at {at}, while gasguard was not running.",
                "",
            ),
            "reminder restart": (
                "{burner}: the reminder{label} may be due. gasguard was started again, and no "
                "clock says how much time is over.",
                "",
            ),
            "sensor_silent": (
                "{burner}: the sensor {sensor} cannot be heard or understood.",
                "Until it is, it does not protect you. Look at its battery, its radio and the "
                "broker; gasguard doctor says more.",
            ),
            "sensor_recovered": ("{burner}: the sensor {sensor} is heard again.", ""),
            "sensor_tested": ("{burner}: the sensor {sensor} is being tested.", ""),
            "relay_unreachable": (
                "{burner}: its relay does not answer, so gasguard cannot shut it off now.",
                "If it burns, do not leave it alone, and turn it off by hand. Look at the relay's "
                "power and the Wi-Fi; gasguard doctor says more.",
            ),
            "relay_recovered": ("{burner}: its relay answers again.", ""),
            "rearmed": ("{burner} can be lit again.", ""),
            "timer_started": ("{burner}: a timer was set.", ""),
            "timer_started when_lit": (
                "{burner}: a timer was set, and begins when the flame is seen.",
                "",
            ),
            "timer_started flame_lit": ("{burner} was lit: its timer has begun.", ""),
            "timer_started flame_unseen": (
                "{burner}: its timer has begun, though nobody knows whether it burns.",
                "",
            ),
            "timer_extended": ("{burner}: its timer was extended.", ""),
            "timer_cancelled": (
                "{burner}: its timer was cancelled.",
                "If it burns, nothing shuts it off when its time is over.",
            ),
            "flame_lit": ("{burner} was lit.", ""),
            "flame_out": ("{burner} went out.", ""),
            "locked": ("{burner} is locked: {reason}.", ""),
            "unlocked": ("{burner} is no longer locked by this: {reason}.", ""),
            "schedule_skipped": ("{burner}: a schedule is left out once.", ""),
            "proof_test_passed": ("{burner}: the shutoff was tested, and works.", ""),
            "proof_test_failed": (
                "{burner}: the shutoff was tested, and does NOT work.",
                "Do not rely on it: look at wiring and relay, then test again.",
            ),
        },
        confirmed=("{burner} was shut off: {reason}.", _KNOB),
        by=", {who}",
        label=' "{label}"',
        flame_sensor="of its flame",
        because="gasguard says: {why}",
        at="Time: {at}",
        more="And {count} more like it: gasguard history {id}",
        test=(
            "This is a test. Messages to {name} arrive.",
            "Nothing has happened, and there is nothing to do.",
        ),
    ),
    "zh": Sentences(
        reasons={
            "remote": "有人发出了关火指令",
            "voice": "有人用语音或在米家里关火",
            "timer": "定时到了",
            "max_burn": "燃烧时间过长",
            "unattended": "灶前无人看管",
            "away": "家里没人",
            "schedule": "现在是禁用时段",
            "lease": "继电器自己的倒计时到了（gasguard 没能续期）",
            "gas_alarm": "燃气报警",
            "carbon_monoxide": "一氧化碳报警",
            "smoke_alarm": "烟雾报警",
            "overheat": "温度过高",
            "lock": "有人锁上了它",
            "restart": "gasguard 重新启动，无法确认状态",
            "shutdown": "gasguard 正在停止",
            "proof_test": "有人在测试关火",
        },
        sources={
            "mqtt": "来自 MQTT 或 Home Assistant",
            "cli": "来自命令行",
            "web": "来自网页",
            "mi_home": "来自米家",
            "bemfa": "来自巴法云",
            "schedule": "来自日程",
        },
        hazards={
            "gas_alarm": (
                "燃气报警！正在关闭{burner}并锁定。",
                "屋内不要开关任何电器，不要点火，不要打电话。开窗通风，能关就关上燃气总阀，"
                "人到室外再拨打燃气抢修电话。报警解除、找到原因后再恢复。",
            ),
            "carbon_monoxide": (
                "一氧化碳报警！正在关闭{burner}并锁定。",
                "所有人立即到空气新鲜处，开窗，然后拨打 120。报警解除、找到原因后再恢复。",
            ),
            "smoke_alarm": (
                "烟雾报警！正在关闭{burner}并锁定。",
                "确认安全再去厨房查看；着火就撤离并拨打 119。报警解除后再恢复。",
            ),
            "overheat": (
                "温度过高！正在关闭{burner}并锁定。",
                "马上去厨房看看，锅可能烧干了。油着火不要泼水，盖上锅盖。冷却后再恢复。",
            ),
        },
        events={
            "trip": (
                "正在关闭{burner}，尚未确认：{reason}。",
                "如果关不掉，下一条消息会告诉你。" + _KNOB_ZH,
            ),
            "trip_confirmed": ("{burner}已关：{reason}。", _KNOB_ZH),
            "trip_failed": (
                "{burner}没有关掉，可能还在烧！",
                "请马上用手拧到关；不行就关燃气总阀。gasguard 会一直重试。",
            ),
            "prewarning": (
                "{burner}将在 {at} 关火：{reason}。",
                "还要继续做饭就延长：gasguard timer {id} +5m，或在 Home Assistant 里按延长。",
            ),
            "prewarning only": (
                "{burner}：{reason}。",
                "请去看看：对这个火焰 gasguard 只提醒，不关火。",
            ),
            "prewarning timer": (
                "{burner}将在 {at} 关火：定时快到了。",
                "还要继续做饭就延长：gasguard timer {id} +5m，或在 Home Assistant 里按延长。",
            ),
            "prewarning schedule": (
                "{burner}将在 {at} 关火：{reason}。",
                "还要继续做饭就跳过这一次：gasguard schedule {schedule} skip，"
                "或在 Home Assistant 里按跳过。",
            ),
            "prewarning mi_home": (
                "{burner}将在 {at} 关火：米家里设的倒计时快到了。",
                "还要继续做饭就在米家里取消它：别处都延长不了。",
            ),
            "reminder": ("{burner}：提醒{label}到点了。", ""),
            "reminder late": (
                "{burner}：提醒{label}本应在 {at}，当时 gasguard 没有运行。",
                "",
            ),
            "reminder restart": (
                "{burner}：提醒{label}可能已到点。gasguard 重新启动，无法知道时间过了多久。",
                "",
            ),
            "sensor_silent": (
                "{burner}：{sensor}传感器没有消息，或者说的话看不懂。",
                "恢复之前它保护不了你。请检查电池、信号和 MQTT 服务器；详情看 gasguard doctor。",
            ),
            "sensor_recovered": ("{burner}：{sensor}传感器恢复了。", ""),
            "sensor_tested": ("{burner}：{sensor}传感器正在测试。", ""),
            "relay_unreachable": (
                "{burner}：继电器没有回应，gasguard 现在关不了它。",
                "如果在烧，请不要离开，用手关火。检查继电器电源和 Wi-Fi；详情看 gasguard doctor。",
            ),
            "relay_recovered": ("{burner}：继电器恢复了。", ""),
            "rearmed": ("{burner}可以重新点火了。", ""),
            "timer_started": ("{burner}：设了定时。", ""),
            "timer_started when_lit": ("{burner}：设了定时，看到火焰后开始。", ""),
            "timer_started flame_lit": ("{burner}点着了：定时开始。", ""),
            "timer_started flame_unseen": (
                "{burner}：定时开始，虽然不知道是否在烧。",
                "",
            ),
            "timer_extended": ("{burner}：定时延长了。", ""),
            "timer_cancelled": ("{burner}：定时取消了。", "如果在烧，到点不会自动关火。"),
            "flame_lit": ("{burner}点着了。", ""),
            "flame_out": ("{burner}熄了。", ""),
            "locked": ("{burner}已锁定：{reason}。", ""),
            "unlocked": ("{burner}解除锁定：{reason}。", ""),
            "schedule_skipped": ("{burner}：日程跳过一次。", ""),
            "proof_test_passed": ("{burner}：关火测试通过。", ""),
            "proof_test_failed": (
                "{burner}：关火测试没有通过！",
                "不要依赖它：检查接线和继电器，再测一次。",
            ),
        },
        confirmed=("{burner}已关火：{reason}。", _KNOB_ZH),
        by="（{who}）",
        label="“{label}”",
        flame_sensor="火焰",
        because="gasguard 的说明：{why}",
        at="时间：{at}",
        more="另有 {count} 条类似的：gasguard history {id}",
        test=("这是一条测试消息，{name} 能收到。", "没有发生任何事，什么也不用做。"),
    ),
}
