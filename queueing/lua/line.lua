-- What every script of the line begins with. KEYS[1] holds the epoch; ARGV[1] is the epoch that the caller believes in.
-- Below "{line}:<epoch>:"
--   entry     hash   entry -> "rank arrived class hold"; hold: nothing while waiting, a claim's token, or "offered"
--   class:C   zset   the waiting entries of centre|skill|language by rank
--   waiting   zset   class -> rank of its first, for classes that have anybody
--   centre:C  zset   all entries of a centre by rank, the claimed and the offered too
--   seat      hash   agent -> "idle cool profile hold"; hold: nothing while free, or a claim's token
--   profile:P zset   class -> how long its callers must have waited; one for all seats that can do the same
--   serving:C set    the profiles that may draw from a class
--   idle:P    zset   free seats of a profile by idle since
--   free      zset   profile -> its longest idle seat; profiles with nobody to talk to sleep outside
--   cooling   zset   free seats that may not be offered anything yet, by the end of it
--   claim     hash   token -> "entry agent"
--   lease     zset   token -> end of its lease
local call = redis.call
if call('GET', KEYS[1]) ~= ARGV[1] then return 'epoch' end
local P = '{line}:' .. ARGV[1] .. ':'
local WAITING, OFFERED, FREE = '', 'offered', ''

local function entry_of(entry)
  local record = call('HGET', P .. 'entry', entry)
  if record then return record:match('^(%S+) (%S+) (%S+) (%S*)$') end
end

local function seat_of(agent)
  local record = call('HGET', P .. 'seat', agent)
  if record then return record:match('^(%S+) (%S+) (%S+) (%S*)$') end
end

local function note_idle(profile)
  local first = call('ZRANGE', P .. 'idle:' .. profile, 0, 0, 'WITHSCORES')
  if first[1] then call('ZADD', P .. 'free', first[2], profile) else call('ZREM', P .. 'free', profile) end
end

-- A class that had nobody wakes the seats that serve it.
local function note_head(class)
  local first = call('ZRANGE', P .. 'class:' .. class, 0, 0, 'WITHSCORES')
  if not first[1] then
    call('ZREM', P .. 'waiting', class)
  elseif call('ZADD', P .. 'waiting', first[2], class) == 1 then
    for _, profile in ipairs(call('SMEMBERS', P .. 'serving:' .. class)) do note_idle(profile) end
  end
end

local function put_entry(entry, rank, arrived, class, hold)
  call('HSET', P .. 'entry', entry, rank .. ' ' .. arrived .. ' ' .. class .. ' ' .. hold)
  call('ZADD', P .. 'centre:' .. class:match('^[^|]*'), rank, entry)
  if hold == WAITING then
    call('ZADD', P .. 'class:' .. class, rank, entry)
  else
    call('ZREM', P .. 'class:' .. class, entry)
  end
  note_head(class)
end

-- Returns its hold, nothing when it was not there.
local function drop_entry(entry)
  local _, _, class, hold = entry_of(entry)
  if not class then return end
  call('HDEL', P .. 'entry', entry)
  call('ZREM', P .. 'centre:' .. class:match('^[^|]*'), entry)
  call('ZREM', P .. 'class:' .. class, entry)
  note_head(class)
  return hold
end

local function put_seat(agent, idle, cool, profile, hold)
  call('HSET', P .. 'seat', agent, idle .. ' ' .. cool .. ' ' .. profile .. ' ' .. hold)
  if hold ~= FREE then
    call('ZREM', P .. 'idle:' .. profile, agent)
  elseif cool == '0' then
    call('ZADD', P .. 'idle:' .. profile, idle, agent)
  else
    call('ZADD', P .. 'cooling', cool, agent)
  end
  note_idle(profile)
end

local function drop_seat(agent)
  local _, _, profile, hold = seat_of(agent)
  if not profile then return end
  call('HDEL', P .. 'seat', agent)
  call('ZREM', P .. 'cooling', agent)
  call('ZREM', P .. 'idle:' .. profile, agent)
  note_idle(profile)
  return hold
end

-- End a claim. Only what it still holds is moved: whoever left meanwhile stays away. Returns entry and agent.
local function settle(token, entry_to, seat_to)
  local claim = call('HGET', P .. 'claim', token)
  if not claim then return end
  call('HDEL', P .. 'claim', token)
  call('ZREM', P .. 'lease', token)
  local entry, agent = claim:match('^(%S+) (%S+)$')
  local rank, arrived, class, entry_hold = entry_of(entry)
  if entry_hold == token then
    if entry_to == 'gone' then drop_entry(entry) else put_entry(entry, rank, arrived, class, entry_to) end
  end
  local idle, cool, profile, seat_hold = seat_of(agent)
  if seat_hold == token then
    if seat_to == 'gone' then drop_seat(agent) else put_seat(agent, idle, cool, profile, FREE) end
  end
  return entry, agent
end
