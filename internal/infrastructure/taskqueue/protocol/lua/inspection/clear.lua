#!lua flags=allow-oom
-- Delete the remaining keys of a removed queue, unless new tasks have recreated the queue.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, keys}
-- Returns 1 if they were deleted, 0 if the queue exists again.
local queue, keys = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('SISMEMBER', prefix .. ':queues', queue) == 1 then
  return 0
end
redis.call('UNLINK', unpack(keys))
return 1
