"""The record sheet of firmware_notes/commissioning.md, part F, in both languages.

`(what, limit)`; where setup knows the value, a key stands before them.
"""

from gasguard.cli.setup.words import Language

Row = tuple[str, str, str]
"""Key of what setup knows, or empty; what; limit."""

ROWS: dict[Language, tuple[Row, ...]] = {
    "en": (
        ("", "stove make and model, burner", "–"),
        ("relay", "relay model, firmware, address, channel (siid/piid), voice channel", "–"),
        ("wiring", "wiring (A/B), rearm_after, lease, jog", "–"),
        ("", "thermocouple open circuit (if measured)", "≥ 18 mV"),
        ("", "whole added lead, worst of ten", "≤ 20 mΩ, never > 40"),
        ("", "voltage across the contact, both states", "0 V"),
        ("", "FFD test before / with relay (10, 14)", "≤ 60 s"),
        ("", "knob hold time before / with relay (10, 15)", "≤ 10 s"),
        ("", "smallest flame holds 10 min (16)", "yes"),
        ("", "only the right burner goes out (13)", "yes"),
        ("", "off from the command line, confirmed in (17)", "flame < 1 s"),
        ("", "re-arm: no flame, no gas (18)", "yes"),
        ("", "timer 30 s (20)", "≤ 2 s late"),
        ("", "lock, Mi Home against it, unlock (22–24)", "yes"),
        ("", "jog off on wired and voice channels (25)", "yes"),
        ("", "voice at once / after one minute (28, 29)", "yes"),
        ("", "automation with Pi dead / without Internet (30)", "note it"),
        ("", "relay power cycle (31)", "as above"),
        ("", "Pi power cycle; lease expires after (32)", "as above"),
        ("", "router power cycle: confirmed after return (33)", "≤ 2 s"),
        ("", "lease test table in relays.md, all seven", "yes / no lease"),
    ),
    "zh": (
        ("", "灶具品牌型号、灶眼", "–"),
        ("relay", "继电器型号、固件、地址、通道(siid/piid)、语音通道", "–"),
        ("wiring", "接法(A/B)、rearm_after、租约、点动", "–"),
        ("", "热电偶开路电压(量了的话)", "≥ 18 mV"),
        ("", "整条转接线,十次取最差", "≤ 20 mΩ,绝不 > 40"),
        ("", "触点两端电压,两种状态", "0 V"),
        ("", "熄火保护测试,加继电器前 / 后(10、14)", "≤ 60 s"),
        ("", "旋钮按住时间,前 / 后(10、15)", "≤ 10 s"),
        ("", "最小火能烧 10 分钟(16)", "是"),
        ("", "只灭该灭的灶眼(13)", "是"),
        ("", "命令行关火,确认用时(17)", "火 < 1 s"),
        ("", "重新接通:没有火、没有气(18)", "是"),
        ("", "定时 30 秒(20)", "迟 ≤ 2 s"),
        ("", "锁定、米家对抗、解锁(22–24)", "是"),
        ("", "接线和语音通道的点动已关(25)", "是"),
        ("", "语音立即 / 一分钟后(28、29)", "是"),
        ("", "树莓派死机 / 断外网时的自动化(30)", "记下结果"),
        ("", "继电器断电(31)", "如上"),
        ("", "树莓派断电;租约多久到期(32)", "如上"),
        ("", "路由器断电:恢复后确认用时(33)", "≤ 2 s"),
        ("", "relays.zh-CN.md 的租约测试七条", "全过 / 不用租约"),
    ),
}
TWICE_A_YEAR: dict[Language, tuple[str, ...]] = {
    "en": (
        "date", "who", "FFD s", "hold s", "off: flame out, confirmed", "timer", "voice",
        "relay power", "remarks",
    ),
    "zh": (
        "日期", "谁", "熄火保护 s", "按住 s", "关火:火灭、已确认", "定时", "语音",
        "继电器断电", "备注",
    ),
}  # fmt: skip
