#!lua flags=allow-oom,no-writes
-- Read one task completely.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, id}
-- Returns nil if there is no such task, else [set, score, message, end of retention, token, record, done tasks of its
-- group]
local queue, id = unpack(cmsgpack.unpack(ARGV[1]))
local set, score = find(queue, id)
if not set then
  return false
end
local group = redis.call('HGET', record(queue, id), 'group')
return {
  set,
  score,
  redis.call('HGET', key(queue, 'messages'), id),
  redis.call('ZSCORE', key(queue, 'retained'), id),
  redis.call('HGET', key(queue, 'tokens'), id),
  redis.call('HGETALL', record(queue, id)),
  group and redis.call('SCARD', prefix .. ':group:' .. group .. ':done') or 0,
}
