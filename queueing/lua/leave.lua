-- entry. Answers 1 when it was in the line.
return drop_entry(ARGV[2]) and 1 or 0
