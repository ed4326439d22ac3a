#!lua flags=allow-oom
-- Delete up to 1,000 tasks of a queue, in any state but active. Call it until it returns 0.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue]
-- Returns the number of deleted tasks.
local BATCH = 1000
local queue = cmsgpack.unpack(ARGV[1])[1]
local deleted = 0
for _, state in ipairs({ 'pending', 'suspects', 'scheduled', 'retry', 'archived', 'completed' }) do
  if deleted < BATCH then
    local ids = redis.call('ZRANGE', key(queue, state), 0, BATCH - deleted - 1)
    trim(queue, state, ids)
    deleted = deleted + #ids
  end
end
return deleted
