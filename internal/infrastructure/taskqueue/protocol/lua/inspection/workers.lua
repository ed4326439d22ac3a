#!lua flags=allow-oom,no-writes
-- List the workers whose heartbeat has not expired.
-- KEYS[1] namespace
-- ARGV[1] msgpack []
-- Returns for each worker [id, fields that `register.lua` wrote].
local found = {}
for _, worker in ipairs(redis.call('ZRANGE', prefix .. ':workers', 0, -1)) do
  local card = redis.call('HGETALL', prefix .. ':worker:' .. worker)
  local heard = redis.call('HGET', prefix .. ':worker:' .. worker, 'heard')
  if heard and tonumber(heard) <= now + SKEW then
    table.insert(found, { worker, card })
  end
end
return found
