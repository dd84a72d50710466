-- centre. Answers how many are in its line.
return call('ZCARD', P .. 'centre:' .. ARGV[2])
