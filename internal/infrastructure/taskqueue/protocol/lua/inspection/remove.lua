#!lua flags=allow-oom
-- Remove an empty queue.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue]
-- Returns 1 if it was removed, 0 if it has tasks.
local queue = cmsgpack.unpack(ARGV[1])[1]
for _, set in ipairs(SETS) do
  if redis.call('ZCARD', key(queue, set)) > 0 then
    return 0
  end
end
redis.call('SREM', prefix .. ':queues', queue)
redis.call('DEL', key(queue, 'paused'), key(queue, 'wake'))
return 1
