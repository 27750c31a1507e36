"""`gasguard completion`: what makes a shell complete commands, options and burners."""

import click
from click.shell_completion import get_completion_class

from gasguard.cli.help import examples
from gasguard.errors import GasguardError

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        'eval "$(gasguard completion bash)"   # in ~/.bashrc',
        'eval "$(gasguard completion zsh)"    # in ~/.zshrc, behind compinit',
        "gasguard completion fish | source    # in ~/.config/fish/config.fish",
    )
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell (bash, zsh or fish) complete gasguard's words with the Tab key."""
    kind = get_completion_class(shell)
    if kind is None:
        raise GasguardError(f"this version of click has no completion for {shell}")
    script = kind(ctx.find_root().command, {}, "gasguard", "_GASGUARD_COMPLETE")
    # Not `source()`: that would first run the shell, to see its version.
    click.echo(script.source_template % script.source_vars())
