#!lua flags=allow-oom,no-writes
-- Count the tasks of all queues that are due soon.
-- KEYS[1] namespace
-- ARGV[1] msgpack [minutes]
-- Returns [ms at which this minute began, [scheduled, retry, ...]], two numbers for each minute; overdue tasks count in
-- the first one
local MINUTE = 60 * 1000
local minutes = cmsgpack.unpack(ARGV[1])[1]
local first, counts = now - now % MINUTE, {}
for minute = 1, minutes do
  local low = minute == 1 and '-inf' or first + (minute - 1) * MINUTE
  local high = '(' .. first + minute * MINUTE
  for _, state in ipairs({ 'scheduled', 'retry' }) do
    local count = 0
    for _, queue in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
      count = count + redis.call('ZCOUNT', key(queue, state), low, high)
    end
    table.insert(counts, count)
  end
end
return { first, counts }
