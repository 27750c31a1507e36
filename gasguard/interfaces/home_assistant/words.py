"""What Home Assistant shows to people: MQTT discovery has no translations, so gasguard chooses."""

from dataclasses import dataclass
from typing import Literal

from gasguard.core.model import Phase, Reason

Language = Literal["en", "zh"]

NEVER = "none"
"""What the sensor of the last shutoff says before there was one, in English."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language: names by entity key, and how states are shown."""

    names: dict[str, str]
    states: dict[str, str]
    """By the contract's own words: phases and trip reasons; identical ones may be left out."""
    model: str

    def shown(self, word: str) -> str:
        """How one of the contract's words is shown."""
        return self.states.get(word, word)


WORDS: dict[Language, Words] = {
    "en": Words(
        model="Gas burner shutoff",
        states={},
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
            "last_trip": "Last shutoff",
            "problem": "Problem",
            "relay": "Relay",
            "flame": "Flame",
            "lock": "Child lock",
            "event": "Event",
            "rearm": "Re-arm",
            "relay_latency": "Relay round trip",
            "trip_latency": "Last shutoff took",
            "burning_since": "Burning since",
            "must_end_at": "Burns at most until",
            "voice": "Voice shutoff ready",
        },
    ),
    "zh": Words(
        model="燃气灶关火器",
        states={
            Phase.STARTING: "启动中",
            Phase.READY: "就绪",
            Phase.TRIPPING: "正在关火",
            Phase.TRIPPED: "已关火",
            Phase.LOCKED_OUT: "已锁定",
            Phase.TRIP_FAILED: "关火失败",
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
            NEVER: "无",
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
            "last_trip": "上次关火原因",
            "problem": "故障",
            "relay": "继电器",
            "flame": "火焰",
            "lock": "童锁",
            "event": "事件",
            "rearm": "恢复",
            "relay_latency": "继电器往返时间",
            "trip_latency": "上次关火用时",
            "burning_since": "点燃时间",
            "must_end_at": "最迟关火时间",
            "voice": "语音关火就绪",
        },
    ),
}
