"""Whether there is a service for each address. Nothing is sent for it."""

from gasguard.config.messages import Messages
from gasguard.interfaces.messages.courier import Courier
from gasguard.interfaces.messages.outbox import Result


async def wrong_addresses(settings: Messages) -> dict[str, str]:
    """By name: what is wrong with those that nothing can be sent to, and what to do."""
    courier, wrong = Courier(), {}
    try:
        for name, address in settings.to.items():
            outcome = await courier.check(address.get_secret_value())
            if outcome.result is not Result.DELIVERED:
                wrong[name] = outcome.why
    finally:
        await courier.close()
    return wrong
