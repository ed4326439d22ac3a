-- How a task moves between its states. Loaded after `pending_line.lua`.
local today = math.floor(now / (24 * 3600 * 1000)) -- days since 1970, UTC

-- The hash with rare data of a task: deadline, lock, limit, number of crashes, history of attempts, result.
local function record(queue, id)
  return prefix .. ':' .. queue .. ':task:' .. id
end

-- Returns the records of tasks, and whether any of them exists: most tasks have no record.
local function records_of(queue, ids)
  local records = {}
  for n, id in ipairs(ids) do
    records[n] = record(queue, id)
  end
  return records, #ids > 0 and redis.call('EXISTS', unpack(records)) > 0
end

-- Tells if a field of a record describes a failed attempt.
local function is_attempt(field)
  return string.sub(field, 1, 8) == 'attempt:'
end

-- Reads one field for each row from the hash `part` of the row's queue. `at` is the position of the queue in a row; the
-- field is behind it. Returns queue -> field -> value.
local function read_fields(part, rows, at)
  local fields, values = {}, {}
  for _, row in ipairs(rows) do
    local queue = row[at]
    fields[queue] = fields[queue] or {}
    table.insert(fields[queue], row[at + 1])
  end
  for queue, names in pairs(fields) do
    values[queue] = {}
    for n, value in ipairs(redis.call('HMGET', key(queue, part), unpack(names))) do
      values[queue][names[n]] = value
    end
  end
  return values
end

-- Moves many tasks with one command: a command for each would be most of the cost of a task.
local function to_back(queue, ids)
  if #ids == 0 then
    return
  end
  local first, places = place_at_back(queue), {}
  for n, id in ipairs(ids) do
    places[2 * n - 1], places[2 * n] = first + n - 1, id
  end
  redis.call('ZADD', key(queue, 'pending'), unpack(places))
end

local SUSPECT_FROM = 2 -- crashes: another task may have caused the first one

-- A suspect runs only while no other suspect runs. It stays one in every state.
local function is_suspect(queue, id)
  return redis.call('HEXISTS', record(queue, id), 'suspect') == 1
end

local function to_suspects(queue, id)
  redis.call('ZADD', key(queue, 'suspects'), now * PLACES, id)
end

local function to_front(queue, id)
  if is_suspect(queue, id) then
    to_suspects(queue, id)
  else
    local first = redis.call('ZRANGE', key(queue, 'pending'), 0, 0, 'WITHSCORES')[2]
    redis.call('ZADD', key(queue, 'pending'), (first or now * PLACES) - 1, id)
  end
end

-- Moves a task to `scheduled` or `retry`. Wakes a worker if the task is due first: it may sleep for too long.
local function to_later(queue, state, id, delay)
  local due = now + delay
  local head = redis.call('ZRANGE', key(queue, state), 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', key(queue, state), due, id)
  if not head or due < tonumber(head) then
    wake(queue)
  end
end

-- Shortens a lock that was taken while Redis' clock was ahead.
local function pull_back_lock(queue, holder, place)
  local lock_for = redis.call('HGET', record(queue, holder), 'lock_for')
  local due = redis.call('ZSCORE', key(queue, 'scheduled'), holder) or now
  local most = (lock_for or math.huge) + math.max(0, due - now)
  if redis.call('PTTL', place) > most + SKEW then
    redis.call('PEXPIRE', place, most)
  end
end

-- Takes the lock that keeps equal tasks out. Its value is the id of the task that holds it, and the lock counts only
-- while that task exists. A lock that `stays` counts for all of `ttl`: its value is NUL, ttl, colon and the id. Ids
-- contain no NUL.
-- `again`: the task is stored or run again, so a lock that it holds is its own.
-- Returns nil if the lock was taken, else the id of its holder.
local function take_lock(queue, id, lock, ttl, stays, again)
  local place = key(queue, 'unique:' .. lock)
  local value = redis.call('GET', place)
  local most, holder = string.match(value or '', '^%z(%d+):(.*)$')
  if holder then
    if redis.call('PTTL', place) > most + SKEW then
      redis.call('PEXPIRE', place, most)
    end
    return not (again and holder == id) and holder or nil
  elseif value and value ~= id and redis.call('HEXISTS', key(queue, 'messages'), value) == 1 then
    pull_back_lock(queue, value, place)
    return value
  end
  local written = stays and '\0' .. string.format('%.0f', ttl) .. ':' .. id or id
  redis.call('SET', place, written, 'PX', ttl)
end

-- Returns true if no worker was heard for `gap` ms: Redis was down, or all workers were. Nobody could extend leases
-- then, so every lease begins again, and this call reclaims nothing.
local function nobody_was_seen(gap, lease)
  local seen = redis.call('GET', prefix .. ':seen')
  redis.call('SET', prefix .. ':seen', now)
  if seen and now - seen <= gap then
    return false
  end
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
    for _, id in ipairs(redis.call('ZRANGE', key(queue, 'active'), 0, -1)) do
      redis.call('ZADD', key(queue, 'active'), 'XX', now + lease, id)
    end
  end
  return true
end
