"""The contract with the carrier: addresses it is given, signatures it sends."""
