#!lua flags=allow-oom
-- Remove a worker that stops.
-- KEYS[1] namespace
-- ARGV[1] msgpack [worker]
local worker = cmsgpack.unpack(ARGV[1])[1]
redis.call('ZREM', prefix .. ':workers', worker)
redis.call('DEL', prefix .. ':worker:' .. worker, quiet_key(worker))
-- Some queues may have no worker now.
offer_places_of(all_queues())
return 0
