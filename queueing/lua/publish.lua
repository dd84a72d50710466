-- A line that was written under a new epoch becomes the line, if nothing of it was lost meanwhile.
-- KEYS[1] the epoch's key; ARGV: epoch, entries written, seats written.
local P = '{line}:' .. ARGV[1] .. ':'
local entries, seats = redis.call('HLEN', P .. 'entry'), redis.call('HLEN', P .. 'seat')
if redis.call('DEL', P .. 'building') == 0 or entries ~= tonumber(ARGV[2]) or seats ~= tonumber(ARGV[3]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
