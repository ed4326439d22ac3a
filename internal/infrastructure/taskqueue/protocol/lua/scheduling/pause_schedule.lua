#!lua flags=allow-oom
-- Pause or resume a periodic entry. The slots of a paused entry are done without a task.
-- KEYS[1] namespace
-- ARGV[1] msgpack {name, paused}; paused: 1 or 0
-- Returns 1 if that is a change, 0 if not, -1 if no worker has announced such an entry.
local name, paused = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('HEXISTS', schedule(name), 'spec') == 0 then
  return -1
end
if paused == 1 then
  return redis.call('HSETNX', schedule(name), 'paused', now)
end
local changed = redis.call('HDEL', schedule(name), 'paused')
if changed == 1 then
  -- If no worker was up in the meantime, nobody has marked these slots as done.
  redis.call('HSET', schedule(name), 'since', now)
end
return changed
