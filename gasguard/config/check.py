"""What `check-config` looks at beyond what the guard itself needs in order to start."""

from collections.abc import Callable, Iterable
from pathlib import Path

from gasguard.config.faults import Fault
from gasguard.config.hood_together import unreached_levels, unseen_burners
from gasguard.config.load import Config, examine, faultless
from gasguard.config.machine import unsure_folder, unusable_files, unusable_folder
from gasguard.config.together import (
    doubted_relays,
    seeming_twins,
    sure_twins,
    unheard_addresses,
    unseen_gas,
    unused_flames,
)
from gasguard.config.yaml_file import read_file


def check_file(
    path: Path, look: Callable[[Config], Iterable[Fault]] = lambda _config: ()
) -> tuple[Config, list[str]]:
    """As `load_config`, and what the guard starts with all the same, for it is safer so than not at
    all: certificates that are not there, two hosts that must be one device, and what `look` finds.

    Gives what is worth a warning, too. Raises ConfigError with every fault found.
    """
    document = read_file(path)
    config, faults = examine(document, path.parent)
    faults += [
        *sure_twins(config.burners),
        *unusable_files("mqtt.tls", config.mqtt.tls),
        *unusable_files("bemfa.tls", config.bemfa.tls if config.bemfa else None),
        *unusable_folder("state_dir", config.state_dir),
        *look(config),
    ]
    warnings = [
        *seeming_twins(config.burners),
        *doubted_relays(config.burners),
        *unused_flames(config.burners, config.sensors),
        *unseen_gas(config.burners),
        *unheard_addresses(config.messages),
        *unreached_levels(config.hood, config.burners),
        *unseen_burners(config.hood, config.burners),
        *unsure_folder("state_dir", config.state_dir),
    ]
    return faultless(config, faults, document.marks), document.marks.told(warnings)
