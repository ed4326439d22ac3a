#!lua
-- Store one new task that is to run now and has no terms: what `publish` does, at a third of its cost.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue, id, message]
-- Returns 1; 0 if a task with this id is there, and nothing was stored.
local queue, id, message = unpack(cmsgpack.unpack(ARGV[1]))
local of_queue = KEYS[1] .. ':' .. queue .. ':'
if redis.call('HSETNX', of_queue .. 'messages', id, message) == 0 then
  return 0
end
redis.call('SADD', KEYS[1] .. ':queues', queue)
redis.call('ZADD', of_queue .. 'pending', redis.call('INCR', of_queue .. 'back'), id)
if redis.call('EXISTS', of_queue .. 'wake') == 0 then
  redis.call('LPUSH', of_queue .. 'wake', 1)
end
return 1
