#!lua flags=allow-oom
-- Pause or resume a queue. Active tasks continue.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, paused, known}; paused: 1 or 0; known: 1 if the queue must exist
-- Returns 1 if that changed the queue, 0 if not, -1 if there is no such queue.
local queue, paused, known = unpack(cmsgpack.unpack(ARGV[1]))
if known == 1 and redis.call('SISMEMBER', prefix .. ':queues', queue) == 0 then
  return -1
end
if paused == 1 then
  local changed = redis.call('SET', key(queue, 'paused'), now, 'NX') and 1 or 0
  -- Tasks of other queues may take the places under shared limits.
  offer_places_of({ queue })
  return changed
end
local changed = redis.call('DEL', key(queue, 'paused'))
offer_places_of({ queue })
if redis.call('ZCARD', key(queue, 'pending')) + redis.call('ZCARD', key(queue, 'suspects')) > 0 then
  wake(queue)
end
return changed
