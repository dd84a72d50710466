"""The sandbox: the business systems of a demo, in a process of their own, with made-up insured persons.

It stands in for what an installation would be connected to: the national medical platform (`medical`), two provincial
card systems (`card_soap`, `card_state`), two pension service buses (`pension_bus`) and the pension exchange tables
(`exchange`). Each module's docstring says exactly what goes over its wire. `switches` makes any of them slow, dead,
wrong or half; `journal` remembers what was asked, masked.

Nothing here is imported by the hotline, and nothing of the hotline is imported here: they meet on the wire only.
Start it with `python app.py sandbox` or `python -m integrations.sandbox`.
"""
