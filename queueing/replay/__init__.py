"""A day like the published year 2016, played in virtual time by the rules that are in use."""
