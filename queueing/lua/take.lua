-- now, end of the lease, nonce, most pairs, agent or nothing for any. Answers entry, agent, token of each claim made.
local now, lease_end, nonce, most, only = tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local LOOKED_AT = 50
local made = {}

-- The client asks again when an answer was lost on its way: the claims of that answer are its answer.
local function answered_before()
  for number = 1, most do
    local token = nonce .. ':' .. number
    local entry, agent = (call('HGET', P .. 'claim', token) or ''):match('^(%S+) (%S+)$')
    if not entry then return number > 1 end
    made[#made + 1], made[#made + 2], made[#made + 3] = entry, agent, token
  end
  return true
end

local function end_cooling()
  for _, agent in ipairs(call('ZRANGEBYSCORE', P .. 'cooling', '-inf', now, 'LIMIT', 0, 1000)) do
    local idle, _, profile = seat_of(agent)
    call('ZREM', P .. 'cooling', agent)
    put_seat(agent, idle, '0', profile, FREE)
  end
end

-- A bonus moves a caller ahead, but is no waiting: a seat that helps out looks past those who have only just come.
local function first_of(class, wait)
  if wait == 0 then return call('ZRANGE', P .. 'class:' .. class, 0, 0)[1] end
  for skipped = 0, LOOKED_AT do
    local entry = call('ZRANGEBYSCORE', P .. 'class:' .. class, '-inf', now - wait, 'LIMIT', skipped, 1)[1]
    if not entry then return end
    local _, arrived = entry_of(entry)
    if now - tonumber(arrived) >= wait then return entry end
  end
end

-- The first in (rank, entry) of all the classes that a profile may draw from now. Second answer: whether anybody is
-- in any of them at all.
local function first_for(profile)
  local heads = call('ZINTER', 2, P .. 'waiting', P .. 'profile:' .. profile, 'WEIGHTS', 1, 0, 'WITHSCORES')
  local best, best_rank
  for i = 1, #heads, 2 do
    local class = heads[i]
    if best and tonumber(heads[i + 1]) > best_rank then break end
    local entry = first_of(class, tonumber(call('ZSCORE', P .. 'profile:' .. profile, class)))
    local rank = entry and tonumber((entry_of(entry)))
    if entry and (not best or rank < best_rank or (rank == best_rank and entry < best)) then
      best, best_rank = entry, rank
    end
  end
  return best, #heads > 0
end

local function claim(entry, agent)
  local token = nonce .. ':' .. (#made / 3 + 1)
  local rank, arrived, class = entry_of(entry)
  local idle, cool, profile = seat_of(agent)
  put_entry(entry, rank, arrived, class, token)
  put_seat(agent, idle, cool, profile, token)
  call('HSET', P .. 'claim', token, entry .. ' ' .. agent)
  call('ZADD', P .. 'lease', lease_end, token)
  made[#made + 1], made[#made + 2], made[#made + 3] = entry, agent, token
end

local function take_for(agent)
  local _, _, profile = seat_of(agent)
  if not profile or not call('ZSCORE', P .. 'idle:' .. profile, agent) then return end
  local entry = first_for(profile)
  if entry then claim(entry, agent) end
end

-- The longest idle seat first. A profile that finds nobody keeps its place and is passed over; one that has nobody at
-- all in its classes sleeps until somebody joins one of them.
local function take_for_all()
  local passed_over = 0
  while #made / 3 < most do
    local profile = call('ZRANGE', P .. 'free', passed_over, passed_over)[1]
    if not profile then return end
    local entry, is_anybody = first_for(profile)
    if entry then
      claim(entry, call('ZRANGE', P .. 'idle:' .. profile, 0, 0)[1])
    elseif is_anybody then
      passed_over = passed_over + 1
    else
      call('ZREM', P .. 'free', profile)
    end
  end
end

if answered_before() then return made end
end_cooling()
if only ~= '' then take_for(only) else take_for_all() end
return made
