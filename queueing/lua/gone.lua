-- agent. Answers 1 when it was there.
return drop_seat(ARGV[2]) and 1 or 0
