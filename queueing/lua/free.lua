-- agent, idle, cool, profile, then class and wait of each line it may draw from. A claim on it loses it: rows win.
-- Answers 1 when it was not there.
local agent, idle, cool, profile = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if call('EXISTS', P .. 'profile:' .. profile) == 0 then
  for class, wait in ARGV[6]:gmatch('(%S+) (%S+)') do
    call('ZADD', P .. 'profile:' .. profile, wait, class)
    call('SADD', P .. 'serving:' .. class, profile)
  end
end
local before = drop_seat(agent)
put_seat(agent, idle, cool, profile, FREE)
return before and 0 or 1
