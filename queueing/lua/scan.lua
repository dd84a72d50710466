-- "entry" or "seat", cursor, about how many. Answers the next cursor, and a line "member hold" for each: text, since a
-- hundred thousand small answers take the asker ten times as long to read.
local page, found = call('HSCAN', P .. ARGV[2], ARGV[3], 'COUNT', ARGV[4]), {}
for i = 1, #page[2], 2 do
  found[#found + 1] = page[2][i] .. page[2][i + 1]:match(' %S*$')
end
return {page[1], table.concat(found, '\n')}
