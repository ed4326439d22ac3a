#!lua flags=allow-oom,no-writes
-- The leases of a queue's active tasks. Their number is limited by the slots and the prefetch of all workers.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue]
-- Returns [1 if the queue exists, now in ms, [id, end of the lease, ...], [id, token, ...]]
local queue = cmsgpack.unpack(ARGV[1])[1]
return {
  redis.call('SISMEMBER', prefix .. ':queues', queue),
  now,
  redis.call('ZRANGE', key(queue, 'active'), 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', key(queue, 'tokens')),
}
