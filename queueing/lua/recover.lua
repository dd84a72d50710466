-- now, most. Ends the claims whose lease has run out; answers entry, agent, token of each.
local ended = {}
for _, token in ipairs(call('ZRANGEBYSCORE', P .. 'lease', '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local entry, agent = settle(token, WAITING, FREE)
  if entry then ended[#ended + 1], ended[#ended + 2], ended[#ended + 3] = entry, agent, token end
end
return ended
