#!lua flags=allow-oom
-- Delete a bounded number of a queue's tasks, in whatever state but active. Call it until it returns 0.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue]
-- Returns how many were deleted.
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
