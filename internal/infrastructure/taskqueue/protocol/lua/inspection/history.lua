#!lua flags=allow-oom,no-writes
-- Count the attempts of the last days in UTC, today first.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, days}
-- Returns nil if there is no such queue, else [day since 1970, processed, failed, ...]
local queue, days = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('SISMEMBER', prefix .. ':queues', queue) == 0 then
  return false
end
local found = {}
for day = today, today - days + 1, -1 do
  local counts = redis.call('HMGET', key(queue, 'stats:' .. day), 'processed', 'failed')
  table.insert(found, day)
  table.insert(found, tonumber(counts[1] or 0))
  table.insert(found, tonumber(counts[2] or 0))
end
return found
