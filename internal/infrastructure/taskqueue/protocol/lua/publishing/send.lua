#!lua
-- Store one new task that runs now and has no constraints: the same as `publish`, at a third of its cost.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue, id, message]
-- Returns 1, or 0 if a task with this id exists and nothing was stored.
local queue, id, message = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('HSETNX', key(queue, 'messages'), id, message) == 0 then
  return 0
end
redis.call('SADD', prefix .. ':queues', queue)
redis.call('ZADD', key(queue, 'pending'), place_at_back(queue), id)
wake(queue)
return 1
