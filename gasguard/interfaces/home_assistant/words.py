"""What Home Assistant shows to people: MQTT discovery has no translations, so gasguard chooses."""

from dataclasses import dataclass
from typing import Literal

from gasguard.core.messages import Status
from gasguard.core.model import Contact, Lock, Phase, Place, Reason, Source

Language = Literal["en", "zh"]

NEVER = "never"
"""What the sensor of the last shutoff says before there was one."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    model: str
    names: dict[str, str]
    """By entity key."""
    states: dict[str, str]
    """By the contract's own words: phases, contacts, locks, trip reasons, kinds of alarms."""
    answers: dict[str, str]
    """To requests: by code, or by status where there is none."""
    sources: dict[str, str]
    """By the way in that a request came by, to stand behind "by"."""
    no_lock: str
    comma: str
    preset: str
    """A timer that is set with one touch, before how long it is."""
    units: tuple[str, str, str]
    """Of hours, minutes and seconds."""

    def shown(self, word: str) -> str:
        """How one of the contract's words is shown; one without a text as words, not as a key."""
        return self.states.get(word) or word.replace("_", " ").capitalize()

    def preset_of(self, seconds: float) -> str:
        """What a timer of so many whole seconds is called."""
        minutes, left = divmod(round(seconds), 60)
        parts = zip((*divmod(minutes, 60), left), self.units, strict=True)
        return " ".join([self.preset, *(f"{n} {unit}" for n, unit in parts if n)])


WORDS: dict[Language, Words] = {
    "en": Words(
        model="Gas burner shutoff",
        no_lock="Not locked",
        comma=", ",
        preset="Timer",
        units=("h", "min", "s"),
        states={
            Phase.STARTING: "Starting",
            Phase.READY: "Ready",
            Phase.TRIPPING: "Shutting off",
            Phase.TRIPPED: "Shut off",
            Phase.LOCKED_OUT: "Locked",
            Phase.TRIP_FAILED: "Shutoff failed",
            Contact.CLOSED: "Closed",
            Contact.OPEN: "Open",
            Contact.UNKNOWN: "Unknown",
            Lock.CHILD: "Child lock",
            Lock.SCHEDULE: "Schedule",
            Lock.STUCK: "Shutoff had failed",
            Reason.REMOTE: "Remote",
            Reason.VOICE: "Voice",
            Reason.TIMER: "Timer",
            Reason.MAX_BURN: "Burned too long",
            Reason.UNATTENDED: "Left unattended",
            Reason.SCHEDULE: "Schedule",
            Reason.LEASE: "Relay's countdown",
            Reason.GAS_ALARM: "Gas alarm",
            Reason.CARBON_MONOXIDE: "Carbon monoxide alarm",
            Reason.SMOKE_ALARM: "Smoke alarm",
            Reason.OVERHEAT: "Overheated",
            Reason.LOCK: "Child lock",
            Reason.RESTART: "Guard restarted",
            Reason.SHUTDOWN: "Guard stopped",
            Reason.PROOF_TEST: "Proof test",
            Place.PRESENCE: "Somebody in the kitchen",
            Place.HOME: "Somebody at home",
            NEVER: "Never",
        },
        sources={
            Source.MQTT: "MQTT",
            Source.CLI: "the command line",
            Source.WEB: "the web page",
            Source.MI_HOME: "Mi Home",
            Source.BEMFA: "bemfa",
            Source.SCHEDULE: "a schedule",
            Source.GUARD: "gasguard",
        },
        answers={
            Status.ACCEPTED: "Accepted",
            Status.CONFIRMED: "Confirmed",
            "not_confirmed": "Failed: not confirmed",
            "flame_burns_on": "Failed: the flame burns on",
            "invalid_duration": "Refused: not a duration",
            "too_long": "Refused: longer than 24 hours",
            "malformed": "Refused: not understood",
            "no_timer": "Refused: no timer is running",
            "label_taken": "Refused: a reminder is called so already",
            "too_many": "Refused: too many reminders",
            "clock_unset": "Refused: the clock is not set",
            "locked_out": "Refused: the burner is locked",
            "trip_failed": "Refused: the shutoff has failed",
            "unsupported": "Refused: this burner cannot do that",
            "remote_rearm": "Refused: re-arm at the guard itself",
            "rearm_limit": "Refused: re-armed too often",
            "hazard": "Refused: an alarm still reports",
            "flame_lit": "Refused: the flame still burns",
            "child_lock": "Refused: the child lock is on",
            "schedule": "Refused: not at this time",
            "not_tripped": "Refused: nothing to re-arm",
            "retained": "Refused: a stored command",
            "unknown_burner": "Refused: no such burner",
            "unknown_schedule": "Refused: no such schedule",
            "not_saved": "Refused: it could not be saved",
            "busy": "Refused: too much at once",
            "overtaken": "Refused: a shutoff came after it",
            "mi_home_countdown": "Refused: Mi Home's countdown runs",
        },
        names={
            "off_all": "Shut off all",
            "online": "Guard running",
            "off": "Shut off",
            "valve": "Gas valve",
            "timer": "Timer",
            "timer_cancel": "Cancel timer",
            "timer_extend": "Add 5 minutes",
            "ends_at": "Shuts off at",
            "phase": "State",
            "contact": "Thermocouple circuit",
            "locks": "Locked by",
            "last_trip": "Last shutoff",
            "answer": "Last command",
            "problem": "Problem",
            "relay": "Relay",
            "flame": "Flame",
            "lock": "Child lock",
            "event": "Event",
            "rearm": "Re-arm",
            "relay_latency": "Relay round trip",
            "trip_latency": "Last shutoff took",
            "burning_since": "Burning since",
            "burn_time": "Burn time",
            "gas": "Gas burnt (estimate)",
            "must_end_at": "Burns at most until",
            "voice": "Voice shutoff ready",
            "active": "Schedule active",
            "next": "Schedule next",
            "skip": "Skip schedule",
        },
    ),
    "zh": Words(
        model="燃气灶关火器",
        no_lock="未锁定",
        comma="、",
        preset="定时",
        units=("小时", "分钟", "秒"),
        states={
            Phase.STARTING: "启动中",
            Phase.READY: "就绪",
            Phase.TRIPPING: "正在关火",
            Phase.TRIPPED: "已关火",
            Phase.LOCKED_OUT: "已锁定",
            Phase.TRIP_FAILED: "关火失败",
            Contact.CLOSED: "闭合",
            Contact.OPEN: "断开",
            Contact.UNKNOWN: "未知",
            Lock.CHILD: "童锁",
            Lock.SCHEDULE: "日程",
            Lock.STUCK: "曾关火失败",
            Reason.REMOTE: "远程",
            Reason.VOICE: "语音",
            Reason.TIMER: "定时",
            Reason.MAX_BURN: "燃烧时间过长",
            Reason.UNATTENDED: "无人看管",
            Reason.SCHEDULE: "日程",
            Reason.LEASE: "继电器倒计时",
            Reason.GAS_ALARM: "燃气报警",
            Reason.CARBON_MONOXIDE: "一氧化碳报警",
            Reason.SMOKE_ALARM: "烟雾报警",
            Reason.OVERHEAT: "过热",
            Reason.LOCK: "童锁",
            Reason.RESTART: "重新启动",
            Reason.SHUTDOWN: "程序停止",
            Reason.PROOF_TEST: "关火测试",
            Place.PRESENCE: "厨房有人",
            Place.HOME: "家里有人",
            NEVER: "无",
        },
        sources={
            Source.MQTT: "MQTT",
            Source.CLI: "命令行",
            Source.WEB: "网页",
            Source.MI_HOME: "米家",
            Source.BEMFA: "巴法云",
            Source.SCHEDULE: "日程",
            Source.GUARD: "gasguard",
        },
        answers={
            Status.ACCEPTED: "已接受",
            Status.CONFIRMED: "已确认",
            "not_confirmed": "失败：未能确认",
            "flame_burns_on": "失败：火还在烧",
            "invalid_duration": "被拒绝：不是有效的时长",
            "too_long": "被拒绝：超过 24 小时",
            "malformed": "被拒绝：看不懂",
            "no_timer": "被拒绝：没有定时",
            "label_taken": "被拒绝：已有同名提醒",
            "too_many": "被拒绝：提醒太多",
            "clock_unset": "被拒绝：时钟未校准",
            "locked_out": "被拒绝：灶头已锁定",
            "trip_failed": "被拒绝：关火失败，尚未解决",
            "unsupported": "被拒绝：这个灶头不支持",
            "remote_rearm": "被拒绝：请在本机上恢复",
            "rearm_limit": "被拒绝：恢复次数过多",
            "hazard": "被拒绝：报警尚未解除",
            "flame_lit": "被拒绝：火还没有灭",
            "child_lock": "被拒绝：童锁已锁",
            "schedule": "被拒绝：现在是禁用时段",
            "not_tripped": "被拒绝：没有可恢复的",
            "retained": "被拒绝：是服务器保留的旧命令",
            "unknown_burner": "被拒绝：没有这个灶头",
            "unknown_schedule": "被拒绝：没有这个日程",
            "not_saved": "被拒绝：无法保存",
            "busy": "被拒绝：一时命令太多",
            "overtaken": "被拒绝：之后又有关火命令",
            "mi_home_countdown": "被拒绝：米家倒计时正在运行",
        },
        names={
            "off_all": "全部关火",
            "online": "守护运行中",
            "off": "关火",
            "valve": "燃气阀",
            "timer": "定时",
            "timer_cancel": "取消定时",
            "timer_extend": "延长 5 分钟",
            "ends_at": "关火时间",
            "phase": "状态",
            "contact": "热电偶回路",
            "locks": "锁定原因",
            "last_trip": "上次关火原因",
            "answer": "上次命令",
            "problem": "故障",
            "relay": "继电器",
            "flame": "火焰",
            "lock": "童锁",
            "event": "事件",
            "rearm": "恢复",
            "relay_latency": "继电器往返时间",
            "trip_latency": "上次关火用时",
            "burning_since": "点燃时间",
            "burn_time": "燃烧时间",
            "gas": "用气量（估算）",
            "must_end_at": "最迟关火时间",
            "voice": "语音关火就绪",
            "active": "日程生效中",
            "next": "下次日程",
            "skip": "跳过日程",
        },
    ),
}
