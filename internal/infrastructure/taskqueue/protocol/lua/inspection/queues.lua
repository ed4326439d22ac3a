#!lua flags=allow-oom,no-writes
-- The current numbers of queues.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue, ...]; empty for all of them
-- Returns for each existing queue [name, 1 if paused, [state, size, ...], age of the oldest pending task in ms,
--         bytes, processed today, failed today]
local SAMPLES = 5

local function bytes_of(what)
  return redis.call('MEMORY', 'USAGE', what, 'SAMPLES', SAMPLES) or 0
end

-- Estimate the size of a set's records from its last ones.
local function bytes_of_records(queue, set, size)
  local bytes, ids = 0, redis.call('ZRANGE', key(queue, set), 0, SAMPLES - 1, 'REV')
  for _, id in ipairs(ids) do
    bytes = bytes + bytes_of(record(queue, id))
  end
  return bytes / #ids * size
end

-- The age of the first task in `pending` or `suspects`, whose scores are places in line.
local function waited(queue, set)
  local first = redis.call('ZRANGE', key(queue, set), 0, 0, 'WITHSCORES')[2]
  return first and math.max(0, now - first / PLACES) or 0
end

local function describe_queue(queue)
  local sizes, bytes = {}, bytes_of(key(queue, 'messages')) + bytes_of(key(queue, 'tokens'))
  for _, set in ipairs(SETS) do
    local size = redis.call('ZCARD', key(queue, set))
    if size > 0 then
      table.insert(sizes, set)
      table.insert(sizes, size)
      bytes = bytes + bytes_of(key(queue, set)) + bytes_of_records(queue, set, size)
    end
  end
  local counts = redis.call('HMGET', key(queue, 'stats:' .. today), 'processed', 'failed')
  return {
    queue,
    redis.call('EXISTS', key(queue, 'paused')),
    sizes,
    math.floor(math.max(waited(queue, 'pending'), waited(queue, 'suspects'))),
    math.floor(bytes + bytes_of(key(queue, 'retained'))),
    tonumber(counts[1] or 0),
    tonumber(counts[2] or 0),
  }
end

local asked, found = cmsgpack.unpack(ARGV[1]), {}
if #asked == 0 then
  asked = redis.call('SMEMBERS', prefix .. ':queues')
end
for _, queue in ipairs(asked) do
  if redis.call('SISMEMBER', prefix .. ':queues', queue) == 1 then
    table.insert(found, describe_queue(queue))
  end
end
return found
