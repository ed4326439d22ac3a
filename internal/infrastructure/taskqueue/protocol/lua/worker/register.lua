#!lua flags=allow-oom
-- Say that a worker is up, and what it is doing. Also in a full Redis: one that drains it must not count as gone.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, ttl, fields, queues}
--   ttl     ms after which the worker counts as gone
--   fields  [name, value, ...] of what is written down
--   queues  those that exist from now on, if they did not: what it serves, the first time
-- Returns [now in ms, only if something was pulled back: what `clock.lua` says of it].
local worker, ttl, fields, queues = unpack(cmsgpack.unpack(ARGV[1]))
local workers, card = prefix .. ':workers', prefix .. ':worker:' .. worker
local pulled_back = pull_back(ttl)
local before = redis.call('HMGET', card, 'queues', 'draining', 'waits_for')
local gone = redis.call('ZREMRANGEBYSCORE', workers, '-inf', now - ttl)
redis.call('ZADD', workers, now, worker)
redis.call('HSET', card, 'heard', now, unpack(fields))
redis.call('PEXPIRE', card, ttl)
if #queues > 0 then
  redis.call('SADD', prefix .. ':queues', unpack(queues))
end
local after = redis.call('HMGET', card, 'queues', 'draining', 'waits_for')
if gone > 0 or after[1] ~= before[1] or after[2] ~= before[2] or after[3] ~= before[3] then
  offer_places_of(all_queues()) -- other queues are served than before
end
return { now, pulled_back }
