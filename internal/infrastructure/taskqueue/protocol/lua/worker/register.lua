#!lua flags=allow-oom
-- Store the heartbeat of a worker. This works in a full Redis, because the worker may be about to drain it.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, ttl, fields, queues}
--   ttl     ms until the heartbeat expires
--   fields  [name, value, ...] to store
--   queues  queues to create if they do not exist: in the first heartbeat, those that the worker serves
-- Returns [now in ms, 1 if an operator wants it quiet, report of `pull_back` (only if it changed something)]
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
  -- The served queues have changed.
  offer_places_of(all_queues())
end
return { now, redis.call('EXPIRE', quiet_key(worker), QUIET_TTL), pulled_back }
