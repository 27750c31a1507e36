"""The results as people read them."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.shutoff import SCRIPT
from tests.bench.targets import Verdict, above_floor, times_better

_COLUMNS = ("median", "p99", "worst")


def show(results: dict[str, Any], verdicts: Iterable[Verdict], environment: dict[str, Any]) -> None:
    """Print everything."""
    # A pipe has no width: one that fits every table, so that logs read as terminals do.
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
    console.print(
        f"{environment['date']}  Python {environment['python']}, {environment['cpus']} CPUs "
        f"({environment['cpu']}), Linux {environment['kernel']}, {environment['commit']}\n"
        f"against {environment['against']}"
    )
    if "shutoff" in results:
        console.print(_shutoff(results["shutoff"]))
    for table in (_durations(results), _numbers(results), _verdicts(verdicts)):
        if table.row_count:
            console.print(table)


def _shutoff(shutoff: dict[str, Any]) -> Table:
    table = Table(
        title="off on MQTT to open contact, ms",
        caption="n: runs, over 30 relays each; the script runs once a relay, side by side. never: "
        "runs that gave up with the contact closed; in p99 they rank last, worst leaves them out.",
    )
    table.add_column("loss each way", justify="right")
    table.add_column("contender")
    for name in ("n", *_COLUMNS, "never"):
        table.add_column(name, justify="right")
    for loss, contenders in shutoff.items():
        for name, figures in contenders.items():
            if figures:
                table.add_row(loss, name, *_cells(figures), str(figures["never"]))
        at_least = ">= " if contenders[SCRIPT]["p99"] == "never" else ""
        ratio = f"{at_least}{times_better(shutoff, loss):.1f} x"
        table.add_row(loss, "script / gasguard", "", "", ratio)
        above = f"{above_floor(shutoff, loss):+.2f}"
        table.add_row(loss, "gasguard - floor", "", above, end_section=True)
    return table


def _durations(results: dict[str, Any]) -> Table:
    table = Table(title="ms")
    for name in ("what", "n", *_COLUMNS):
        table.add_column(name, justify="left" if name == "what" else "right")
    for where, figures in results.get("startup", {}).items():
        table.add_row(f"process start to first ready burner, seen on {where}", *_cells(figures))
    past = results.get("past", {})
    for question, figures in past.get("questions", {}).items():
        table.add_row(f"twelve months on disk: {question}", *_cells(figures))
    for what in ("a state saved while questions are answered", "open"):
        if what in past:
            table.add_row(f"twelve months on disk: {what}", *_cells(past[what]))
    web = results.get("page", {})
    for how, figures in web.get("taps", {}).items():
        table.add_row(f"off over {how} to open contact", *_cells(figures))
    if load := web.get("load"):
        what = f"the page and its first state, {load['kilobytes']:.0f} KB, with a tenth of a core"
        table.add_row(what, *_cells(load))
    all_off = results.get("all_off", {})
    for what in ("all open", "all confirmed"):
        if what in all_off:
            title = f"all/off/set, {all_off['burners']} relays, {what}"
            table.add_row(title, *_cells(all_off[what]))
    return table


def _cells(figures: dict[str, Any]) -> list[str]:
    return [str(figures["n"]), *(_cell(figures[name]) for name in _COLUMNS)]


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.1f}"


def _numbers(results: dict[str, Any]) -> Table:
    table = Table("what", "value", title="single numbers")
    table.columns[1].justify = "right"
    if idle := results.get("idle"):
        over = f"two burners, over {idle['seconds']:.0f} s"
        table.add_row(f"idle processor time, % of a core ({over})", f"{idle['cpu_percent']:.2f}")
        table.add_row("idle RSS / PSS, MB", f"{idle['rss_mb']:.1f} / {idle['pss_mb']:.1f}")
    if past := results.get("past"):
        what = f"twelve months on disk, MB ({past['rows']:,} events, {past['burns']:,} burns)"
        table.add_row(what, f"{past['megabytes']:.1f}")
    if looking := results.get("page", {}).get("looking on"):
        for who in ("without", "with"):
            cost, many = looking[who], f"{who} {looking['phones']} phones"
            for name, value in cost.items():
                table.add_row(f"{many} that look on: {name}", f"{value:.2f}")
    for name, value in results.get("pure", {}).items():
        table.add_row(name, f"{value:,}")
    return table


def _verdicts(verdicts: Iterable[Verdict]) -> Table:
    table = Table("target", "measured", "", title="targets")
    for verdict in verdicts:
        table.add_row(verdict.target, verdict.measured, "pass" if verdict.met else "FAIL")
    return table
