"""One file for each verb: how it is performed on a leg."""
