"""What setup says in English."""

ENGLISH: dict[str, str] = {
    # the conversation
    "yes": "yes",
    "no": "no",
    "on": "on",
    "off": "off",
    "keep": "keep",
    "which": "Which?",
    "press_enter": "press Enter",
    "needed": "An answer is needed here. Ctrl-C ends, and changes nothing.",
    "say_yes_or_no": "Please answer yes or no.",
    "say_a_number": "Please answer with a number from 1 to {most}.",
    "unreadable": "That has signs in it that cannot be printed, or is too long. Once more, please.",
    "missing": "missing, with nobody to ask: {option}",
    "no_terminal": "setup asks, and there is no terminal to ask at; give the answers as options "
    "with --yes (gasguard setup --help)",
    "no_more_answers": "the input ended in the middle; nothing was written",
    "ended_early": "Ended. {path} is as it was.",
    # the file
    "welcome": "This asks, finds, tests, and writes at the end. Enter takes what stands in [ ]. "
    "Ctrl-C at any moment leaves all files as they are.",
    "not_certified": "gasguard can only ever take the flame away. It is a convenience in series "
    "with your stove's own flame failure device, not a certified safety device: that device stays "
    "the protection, and whoever cooks stays responsible. If the stove fails its own flame failure "
    "test, or you smell gas, stop here.",
    "file_there": "{path} is there already; burners: {burners}. Only what is answered anew "
    "changes; comments and all else stay.",
    "file_is_link": "{path} is a link; name the file that it leads to, with -c",
    "file_unwritable": "{why}; try it with sudo, or name another file with -c",
    "head_write": "Writing",
    "will_write": "This changes in {path}:",
    "ask_write": "Write it?",
    "written": "{path} is written.",
    "nothing_written": "Nothing was written. {path} is as it was.",
    "nothing_changes": "Nothing changes in {path}.",
    # broker
    "head_broker": "The MQTT broker",
    "ask_broker": "The broker's address, HOST or HOST:PORT?",
    "ask_broker_user": "The user name that it knows gasguard by?",
    "ask_broker_password": "And the password? (It is not shown.)",
    "ask_other_login": "Log in with a name and a password?",
    "broker_found": "A broker answers on this machine.",
    "broker_not_here": "No broker answers on this machine (sudo apt install mosquitto makes one).",
    "broker_several": "The file names several hosts, which stay: {hosts}.",
    "broker_trying": "Trying it ...",
    "broker_wants_login": "It answers, and wants a login.",
    "broker_refuses": "It answers, and refuses this login.",
    "broker_trouble": "The broker cannot be used: {problem}",
    "broker_ok": "The broker at {where} takes us.",
    # burner and relay
    "head_burner": "A burner",
    "ask_burner": "Which burner? Its short name, in topics and commands: a-z, 0-9, _ "
    "(there are: {known})",
    "ask_name": "What do people call it?",
    "ask_another_burner": "Set up another burner?",
    "ask_relay_anew": "Its relay is in the file. Describe or test it anew?",
    "burner_in_series": "{burner} has several relays in series: change those in the file by hand.",
    "ask_family": "What is its relay?",
    "family_mi": "a Mi Home module on Wi-Fi, with address and token",
    "family_mqtt": "a relay behind the broker: Zigbee2MQTT, Tasmota, ESPHome, or any topics",
    "ask_relay": "The module's address, HOST or HOST:PORT? (The router's list has it.)",
    "ask_token": "Its token, 32 hexadecimal digits? It is not shown. "
    "(firmware_notes/commissioning.md says where to get it; !file PATH is understood, too.)",
    "ask_switch": "The wired channel, SIID/PIID?",
    "relay_looking": "Looking for miIO devices for {seconds} s ...",
    "relay_none_found": "None answers. Is it powered, in this network and subnet, and no Bluetooth "
    "or Zigbee module? Its address may be typed all the same.",
    "relay_one_found": "Found: {where}",
    "relay_several_found": "Several answer. Which one is the relay?",
    "another_address": "another address",
    "relay_trying": "Asking {where} ...",
    "relay_trouble": "It cannot be used: {problem}",
    "token_wrong": "{where} is there, and does not take this token. Joining a module to Wi-Fi anew "
    "changes it. ({problem})",
    "relay_model": "{where} answers under this token; model {model}.",
    "relay_answers": "{where} answers.",
    "model_unknown": "The model {model} is in no table here: look up its channels in its public "
    "MIoT specification, and see that this one moves the wired contact.",
    "model_has_several": "This model has switches at {switches}.",
    "switch_trouble": "There is no switch at {switch}: {problem}",
    "ask_voice": "The channel without a wire that is named 燃气灶 in Mi Home, SIID/PIID, or none?",
    "ask_lease_wanted": "This model has a countdown that gasguard can hold as a lease: the relay "
    "opens by itself when this machine dies. It must be tested first (firmware_notes/relays.md). "
    "Use it?",
    "ask_lease": "After how long may the relay open by itself?",
    "ask_kind": "Which kind?",
    "kind_zigbee2mqtt": "Zigbee2MQTT",
    "kind_tasmota": "Tasmota",
    "kind_esphome": "ESPHome, as in firmware_notes/mqtt_relays.md",
    "kind_topics": "something else: its topics are typed",
    "ask_device": "The device's name, as it stands in its topics?",
    "ask_channel": "Which of its relays?",
    "another_device": "another one",
    "zigbee_looking": "Asking Zigbee2MQTT for its devices ...",
    "zigbee_none": "It does not tell any; the name may be typed.",
    "zigbee_found": "Switches that Zigbee2MQTT has:",
    "ask_command_topic": "The topic that switches it (ON, OFF)?",
    "ask_state_topic": "The topic on which it says its state?",
    "ask_query_topic": "The topic that makes it say its state?",
    "mqtt_relay_trouble": "It cannot be used: {problem} (firmware_notes/mqtt_relays.md)",
    "lease_goes": "The lease goes out of the file: a countdown cannot open a normally_closed "
    "contact.",
    "lease_impossible": "--lease: needs normally_open, and a model that is known to have a "
    "countdown; for others write lease: into the file (firmware_notes/relays.md)",
    "switch_impossible": "--switch: this relay has one switch, without numbers; leave it out",
    "voice_impossible": "--voice: this relay has no other channels",
    "options_disagree": "{options}: these speak of different relays; leave one of them out",
    "options_exclude": "{options}: leave one of them out",
    "family_pin": "a relay on the Pi's own pins",
    "ask_pin": "The GPIO that drives the coil (GPIO17 is 17, which is pin 11 of the header)?",
    "ask_active": "Which level pulls the coil, high or low?",
    "ask_chip": "Which chip?",
    "pin_there": "GPIO {line} can be had.",
    "pin_trouble": "It cannot be used: {problem} (firmware_notes/pins.md)",
    "wrong_pin": "is the number of a GPIO, in digits: for example 17",
    # wiring
    "wiring_explained": "The wiring: normally_open (COM and NO) lets the gas go when the relay "
    "loses power; normally_closed (COM and NC) leaves an ordinary stove. A wrong word here would "
    "turn every off into its opposite, so it is better seen than told.",
    "ask_how_wiring": "How shall it be known?",
    "wiring_by_test": "by a test at the stove, with a click and a flame (5 minutes, two people)",
    "wiring_keep": "keep what the file has: {wiring}",
    "wiring_told": "I know it and say it; the test is made later",
    "ask_wiring": "normally_open or normally_closed?",
    "wiring_found": "So it is wired {wiring}.",
    "wiring_not_tested": "The wiring is taken as told, {wiring}, and was not seen: do part C of "
    "the commissioning sheet before anybody cooks.",
    "daemon_runs": "A gasguard runs on this machine and guards its relays: no test beside it. "
    "For the test end it first (sudo systemctl stop gasguard).",
    "ask_again": "Try the test again?",
    "click_intro": "The test moves the relay. Opening its contact can only put a flame out; "
    "closing it cannot light one. Two people, one at the knob; window open.",
    "click_gas_cock": "Close the gas cock. All knobs off, no flame anywhere.",
    "click_switching": "Switching the relay {word} ...",
    "ask_clicked": "Did the relay click?",
    "ask_clicked_now": "It went back and forth once more. Did it click now?",
    "click_none": "No click. What now?",
    "click_again": "test again",
    "click_other": "try another channel, or another relay",
    "click_by_hand": "go on without the test",
    "click_gone": "The relay does not answer any more: {problem}",
    "knob_off_by_hand": "TURN THE KNOB OFF BY HAND NOW. The flame may burn on.",
    "flame_intro": "Now with a flame. Only this burner, a pot of water on it, and somebody at the "
    "knob all the time.",
    "flame_light": "Open the gas cock. Light the burner, full flame, hold the knob 10 s, let go.",
    "flame_light_again": "The relay stands the other way round now. Light it again, hold the knob "
    "10 s, let go.",
    "ask_burns": "Does it burn by itself, with the knob let go?",
    "flame_before": "The relay is about to be switched. The flame should go out within a second.",
    "ask_went_out": "Did the flame go out?",
    "knob_off": "Turn the knob OFF now.",
    "flame_never": "It burns by itself in neither position: the circuit is open somewhere (plug, "
    "wire, contact), or the thermocouple is weak. Nothing was learnt about the wiring; see "
    "firmware_notes/wiring.md.",
    "flame_stays": "It burns in both positions: this contact is not in this burner's circuit, or "
    "it does not open. Nothing was learnt about the wiring; see firmware_notes/wiring.md.",
    "click_closed_again": "The circuit is closed again, as it was while it burned. Nothing may "
    "light or hiss. If it does: close the gas cock, and stop.",
    "not_put_back": "The relay could not be put back to {word} as it was found: {problem}. "
    "Leave the knob OFF and the gas cock closed until it stands as you want it.",
    "left_with_flame": "TURN THE KNOB OFF BY HAND. The relay stays as it stands now.",
    # page, messages
    "head_page": "The page on phones",
    "ask_page": "Serve a page with a big OFF on the family's phones?",
    "ask_page_port": "At which port?",
    "ask_remove_page": "There is one in the file. Remove it?",
    "head_messages": "Messages to phones",
    "ask_messages": "Add somebody who is told what happens? (told now: {to})",
    "ask_more_messages": "Add another one?",
    "ask_message": "NAME=ADDRESS, for example mum=ntfy://TOPIC (firmware_notes/messages.md has an "
    "address for each service)?",
    "message_twice": "{name} has two addresses; give each a name of its own",
    "message_trouble": "{name}: {problem}",
    # the machine
    "head_watchdog": "The hardware watchdog",
    "watchdog_explained": "The Pi has a watchdog in hardware: with it, systemd has the Pi "
    "restarted when the whole system has hung for 15 s. After the start the guard opens first "
    "what ran out meanwhile. It does not switch a relay by itself:",
    "watchdog_normally_open": "- normally_open: a relay with its own supply stays closed while the "
    "Pi restarts, and the flame burns on until the guard is back; only a lease ends it sooner. A "
    "relay on the Pi's pins falls, and shuts off.",
    "watchdog_normally_closed": "- normally_closed: the flame burns on until the guard is back. A "
    "relay on the Pi's pins falls, too: what was shut off or locked can be lit until then.",
    "ask_watchdog": "Use the watchdog?",
    "watchdog_written": "{path} is written; in effect after a restart, or: sudo systemctl "
    "daemon-reexec",
    "watchdog_removed": "{path} is removed.",
    "watchdog_by_hand": "Only root can set it up: sudo gasguard setup --yes --watchdog ({path})",
    "head_service": "The service",
    "ask_service": "Have systemd run gasguard from now on? One that runs is begun anew, which "
    "shuts off what burns.",
    "service_none": "No service of systemd's here. To run it: {command}",
    "service_none_page": "and for the page: {command}",
    "service_by_hand": "To have systemd run it, the first time and after a change:",
    "service_begun": "Running, now and after each start: {units}",
    "service_other_file": "The service reads {usual}, and not {path}.",
    "service_trouble": "systemd says: {problem}",
    "head_doctor": "gasguard doctor",
    "sheet_written": "The commissioning sheet, to print and fill in at the stove: {path}",
    "next_page": "The page: {url} (its password is chosen with: gasguard web-code -c {path})",
    "next_steps": "Next: parts B to E of the commissioning sheet, at the stove. Then: gasguard "
    "status -c {path}",
    # the sheet
    "sheet_title": "gasguard: commissioning sheet",
    "sheet_when": "Set up on {when}.",
    "sheet_how": "The numbers in brackets are the steps of firmware_notes/commissioning.md. Two "
    "people, window open, somebody at the knob of a lit burner all the time. Keep this with the "
    "stove's papers.",
    "sheet_doctor": "What doctor found",
    "sheet_what": "what",
    "sheet_limit": "limit",
    "sheet_value": "value",
    "sheet_who": "date, who",
    "sheet_seen": "seen by click and flame",
    "sheet_not_seen": "as told: not seen yet",
    "sheet_twice_a_year": "Twice a year",
    # what answers must be
    "wrong_host": "{said!r} is no address; write for example 192.168.1.20 or 192.168.1.20:1883",
    "wrong_port": "{said!r} is no port: 1 to 65535, in digits",
    "wrong_token": "a token has 32 hexadecimal digits (0-9, a-f); this has {length} signs, or "
    "others among them",
    "wrong_channel": "write two numbers: SIID/PIID, for example 2/1",
    "wrong_wiring": "write normally_open (COM and NO) or normally_closed (COM and NC)",
    "wrong_burner": "{said!r} is no short name; use a-z, 0-9 and _, a letter first, at most 32, "
    "and not all or schedule: for example front_left",
    "wrong_name": "must have 1 to 64 characters",
    "wrong_topic": "{said!r} is no topic; write for example tele/stove, without + and #",
    "wrong_device": "must be as in the device's topics, without + and #, no stroke at its ends",
    "wrong_duration": "{said!r} is no duration; write for example 3m or 90s",
    "wrong_message": "write NAME=ADDRESS, for example mum=ntfy://TOPIC",
    "wrong_message_name": "{said!r} is no name; use a-z, 0-9 and _, a letter first: mum=ntfy:"
    "//TOPIC",
    "wrong_address": "is no address that messages can go to; write for example mum=ntfy://TOPIC",
    "wrong_word": "must be one of: {words}",
}
