#!lua
-- Store one new task that nobody can have stored before, to run at once: what `publish` does, at a third of its cost.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue, id, message]
local queue, id, message = unpack(cmsgpack.unpack(ARGV[1]))
local of_queue = KEYS[1] .. ':' .. queue .. ':'
redis.call('SADD', KEYS[1] .. ':queues', queue)
redis.call('HSET', of_queue .. 'messages', id, message)
redis.call('ZADD', of_queue .. 'pending', redis.call('INCR', of_queue .. 'back'), id)
if redis.call('EXISTS', of_queue .. 'wake') == 0 then
  redis.call('LPUSH', of_queue .. 'wake', 1)
end
return 0
