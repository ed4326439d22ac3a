#!lua flags=allow-oom
-- Stop handing out a queue's tasks, or go on. What is active finishes.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, paused, known}; paused 1 or 0; known 1: only a queue that exists
-- Returns 1 if that is new, 0 if it was so already, -1 if there is no such queue.
local queue, paused, known = unpack(cmsgpack.unpack(ARGV[1]))
if known == 1 and redis.call('SISMEMBER', prefix .. ':queues', queue) == 0 then
  return -1
end
if paused == 1 then
  local changed = redis.call('SET', key(queue, 'paused'), now, 'NX') and 1 or 0
  offer_places_of({ queue }) -- to tasks of other queues
  return changed
end
local changed = redis.call('DEL', key(queue, 'paused'))
offer_places_of({ queue })
if redis.call('ZCARD', key(queue, 'pending')) + redis.call('ZCARD', key(queue, 'suspects')) > 0 then
  wake(queue)
end
return changed
