"""The page and messages."""

import asyncio
from typing import Any

from gasguard.cli.exits import Misused
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.plan import Plan, Secret, resolved
from gasguard.cli.setup.questions import PAGE_PORT, Questions
from gasguard.cli.setup.talk import Talk
from gasguard.config.parts import messages_of
from gasguard.errors import ConfigError


def check_extras(talk: Talk, given: Given, plan: Plan) -> None:
    """Raises Misused for options that cannot both be meant."""
    if given.page is False and given.get("--page-port") is not None:
        raise Misused(talk.text("options_exclude", options="--no-page, --page-port"))
    question = Questions(talk.language, plan.folder).message
    names = [talk.given_one(question, said)[0] for said in given.messages]
    for name in names:
        if names.count(name) > 1:
            raise Misused(f"--message: {talk.text('message_twice', name=name)}")


def ask_page(talk: Talk, given: Given, plan: Plan) -> None:
    """Whether there is a page, and at which port."""
    there = plan.mapping("web")
    wanted = given.page
    if wanted is None and given.get("--page-port") is not None:
        wanted = True
    if wanted is None and not talk.asks:
        return
    talk.heading("head_page")
    is_there = bool(there) or "web" in plan.mapping()
    if not talk.yes("ask_page", wanted, usual=True):
        if is_there and (wanted is False or talk.yes("ask_remove_page", usual=False)):
            plan.drop(("web",))
        return
    old = str(there.get("port") or PAGE_PORT)
    port = talk.ask(Questions(talk.language, plan.folder).page_port, old)
    if not is_there:
        plan.put(("web",), {"port": port})
    elif str(port) != old:
        plan.put(("web", "port"), port)


def ask_messages(talk: Talk, given: Given, plan: Plan) -> None:
    """Who is told what happens. Each address is looked at before it is taken; nothing is sent."""
    question = Questions(talk.language, plan.folder).message
    there = plan.mapping("messages")
    wanted = [(said, talk.given_one(question, said)) for said in given.messages]
    if not wanted and not talk.asks:
        return
    talk.heading("head_messages")
    added = {}
    for _, (name, address) in wanted:
        _check(talk, plan, name, address)
        added[name] = address
    if talk.asks and not wanted:
        known = ", ".join(there.get("to") or ()) or "-"
        while talk.yes("ask_messages" if not added else "ask_more_messages", usual=False, to=known):
            name, address = talk.ask(question, again=True)
            if _check(talk, plan, name, address):
                added[name] = address
    if not added:
        return
    if not there:
        plan.put(("messages", "language"), talk.language)
    for name, address in added.items():
        plan.put(("messages", "to", name), Secret(address, f"{name}.address"))


def _check(talk: Talk, plan: Plan, name: str, address: Any) -> bool:
    from gasguard.interfaces.messages.addresses import wrong_addresses

    try:
        settings = messages_of({"to": {name: resolved(address, plan.folder)}}, plan.folder)
    except ConfigError as error:
        why = str(error)
    else:
        why = asyncio.run(wrong_addresses(settings)).get(name, "")
    if why:
        talk.trouble(talk.text("message_trouble", name=name, problem=why))
    return not why
