#!lua flags=allow-oom
-- Say that a worker has ended.
-- KEYS[1] namespace
-- ARGV[1] msgpack [worker]
local worker = cmsgpack.unpack(ARGV[1])[1]
redis.call('ZREM', prefix .. ':workers', worker)
redis.call('DEL', prefix .. ':worker:' .. worker)
offer_places_of(all_queues()) -- some may be served no longer
return 0
