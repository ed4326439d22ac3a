#!lua flags=allow-oom,no-writes
-- Count the open tasks of a queue.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue]
local queue = cmsgpack.unpack(ARGV[1])[1]
local size = 0
for _, state in ipairs({ 'pending', 'suspects', 'active', 'scheduled', 'retry' }) do
  size = size + redis.call('ZCARD', key(queue, state))
end
return size
