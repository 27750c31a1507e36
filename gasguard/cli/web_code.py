"""`gasguard web-code`: the proof, for the page, that somebody sits at the Pi."""

from pathlib import Path

import click

from gasguard.cli.exits import FAILED, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, find_config
from gasguard.config.load import load_control_socket
from gasguard.interfaces.web.keyring import forget_all, setup_code
from gasguard.interfaces.web.settings import own_folder
from gasguard.luck import LUCK


@click.command(epilog=examples("gasguard web-code", "sudo gasguard web-code --reset"))
@config_option()
@click.option("--reset", is_flag=True, help="Forget the password and log everybody out.")
@click.pass_context
def web_code(ctx: click.Context, config_path: Path | None, reset: bool) -> None:
    """Show the code with which the page's password is chosen, once.

    It is asked for at /setup. Where a password is set already there is none; exit code 1.
    """
    folder = own_folder(load_control_socket(find_config(config_path)).parent)
    try:
        code = forget_all(folder, LUCK) if reset else setup_code(folder, LUCK)
    except PermissionError:
        raise Misused(f"{folder} is not yours; try: sudo gasguard web-code") from None
    except OSError as error:
        raise Misused(f"{folder}: {error.strerror}; is state_dir right?") from None
    if code is None:
        click.echo(
            "a password is set already: log in with it. Is it forgotten? gasguard web-code --reset "
            "makes room for a new one and logs everybody out",
            err=True,
        )
        ctx.exit(FAILED)
    if reset:
        click.echo("The password is forgotten, everybody is logged out.")
    click.echo(f"Setup code: {code}")
    click.echo("Open the page, add /setup to its address, and choose a password with this code.")
