"""The torture: the whole guard under simulated disaster, from one integer, judged by physics.

`campaign` runs many sessions, `session` one. A session is a `plan` (drawn by `draw`), carried out
on a simulated stove, network, disk and clock, while `checks` holds the rules of the safety concept
against what the relays really did and what people were really promised.
"""
