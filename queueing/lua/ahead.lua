-- entry. Answers how many of its centre stand before it, -1 for one that is not in the line.
local _, _, class = entry_of(ARGV[2])
return class and call('ZRANK', P .. 'centre:' .. class:match('^[^|]*'), ARGV[2]) or -1
