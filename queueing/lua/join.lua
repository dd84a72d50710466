-- entry, rank, arrived, class, hold. A claim on it loses it: rows win. Answers 1 when it was not in the line.
local before = drop_entry(ARGV[2])
put_entry(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return before and 0 or 1
