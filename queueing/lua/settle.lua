-- token, what becomes of the entry, and of the seat: "" as before, "offered", "gone". Answers 1 when the claim still stood.
return settle(ARGV[2], ARGV[3], ARGV[4]) and 1 or 0
