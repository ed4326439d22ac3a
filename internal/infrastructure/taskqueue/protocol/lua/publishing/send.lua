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
-- Its place, as `to_back` in `moves.lua` has it.
local clock, last = redis.call('TIME'), redis.call('ZRANGE', of_queue .. 'pending', 0, 0, 'REV', 'WITHSCORES')[2]
local place = math.max((clock[1] * 1000 + math.floor(clock[2] / 1000)) * 1024, last and last + 1 or 0)
redis.call('ZADD', of_queue .. 'pending', place, id)
if redis.call('EXISTS', of_queue .. 'wake') == 0 then
  redis.call('LPUSH', of_queue .. 'wake', 1)
end
return 1
