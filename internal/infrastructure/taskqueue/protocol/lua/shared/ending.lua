-- How a task ends: it releases its lock and its place in line, and is archived or deleted. Loaded after
-- `limit_lines.lua`.

-- Ends tasks: they no longer wait for a limit, and no longer keep equal tasks out. Returns their records.
local function retire(queue, ids)
  local left = {}
  local records = each_record(queue, ids, { 'lock', 'limit' }, function(id, lock, limit)
    if lock and redis.call('GET', key(queue, 'unique:' .. lock)) == id then
      redis.call('DEL', key(queue, 'unique:' .. lock))
    end
    if limit and leave_line(limit, queue, id) then
      left[limit] = true
    end
  end)
  for limit in pairs(left) do
    offer_places(limit) -- the task may have been offered one
  end
  return records
end

local function forget(queue, ids)
  if #ids > 0 then
    local records = retire(queue, ids)
    redis.call('HDEL', key(queue, 'messages'), unpack(ids))
    redis.call('DEL', unpack(records))
  end
end

local TRIM = 100 -- tasks that one call deletes from a state

local function trim(queue, state, ids)
  if #ids > 0 then
    redis.call('ZREM', key(queue, state), unpack(ids))
    if state == 'completed' then
      redis.call('ZREM', key(queue, 'retained'), unpack(ids))
    end
    forget(queue, ids)
  end
end

-- Deletes from `state` the tasks that have a score of `before` or less in the set `by`.
local function expire(queue, state, by, before)
  trim(queue, state, redis.call('ZRANGE', key(queue, by), '-inf', before, 'BYSCORE', 'LIMIT', 0, TRIM))
end

-- Tells the clients that wait for the end of a task.
local function announce_end(queue, id)
  redis.call('PUBLISH', prefix .. ':ended:' .. queue .. ':' .. id, 1)
end

-- `most` is the size of a queue's archive.
local function to_archive(queue, id, most)
  local archived = key(queue, 'archived')
  redis.call('ZADD', archived, now, id)
  retire(queue, { id })
  announce_end(queue, id)
  local excess = redis.call('ZCARD', archived) - most
  if excess > 0 then
    trim(queue, 'archived', redis.call('ZRANGE', archived, 0, math.min(excess, TRIM) - 1))
  end
end
