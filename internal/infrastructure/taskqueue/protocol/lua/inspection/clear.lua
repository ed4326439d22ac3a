#!lua flags=allow-oom
-- Delete keys that a forgotten queue has left. A queue that tasks were published to meanwhile keeps its own.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, keys}
-- Returns 1 if they were deleted, 0 if the queue exists again.
local queue, keys = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('SISMEMBER', prefix .. ':queues', queue) == 1 then
  return 0
end
redis.call('UNLINK', unpack(keys))
return 1
