"""What must not be so: proofs of the ledger, rules, and the list that somebody clears."""
