-- How a task leaves a state or is deleted, and releases its locks and places. Loaded after `limit_lines.lua`.

-- Calls `visit(id, value, ...)` with these fields of each task's record, unless no task has one. Returns the records.
local function each_record(queue, ids, fields, visit)
  local records, some_exist = records_of(queue, ids)
  if some_exist then
    for n, id in ipairs(ids) do
      visit(id, unpack(redis.call('HMGET', records[n], unpack(fields))))
    end
  end
  return records
end

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

-- A prefetched task has '~' behind its token: it has not started if its worker dies.
local function is_token(stored, token)
  return stored == token or stored == token .. '~'
end

local function take_out_of_active(queue, ids)
  redis.call('HDEL', key(queue, 'tokens'), unpack(ids))
  redis.call('ZREM', key(queue, 'active'), unpack(ids))
end

local function free_places(queue, ids)
  local freed = {}
  each_record(queue, ids, { 'limit', 'max_running' }, function(id, limit, max_running)
    if limit then
      redis.call('ZREM', limit_key(limit, 'running'), limit_member(queue, id))
      freed[limit] = freed[limit] or max_running
    end
  end)
  for limit, max_running in pairs(freed) do
    if max_running then
      offer_places(limit)
    end
  end
end

-- Moves an active task back to the front of its queue. No attempt is counted.
local function hand_back(queue, id)
  keep_turn(queue, id)
  take_out_of_active(queue, { id })
  free_places(queue, { id })
  to_front(queue, id)
  wake(queue)
end
