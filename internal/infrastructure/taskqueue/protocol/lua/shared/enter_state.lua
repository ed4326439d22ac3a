-- How a task enters a state: `pending`, `suspects`, `scheduled` or `retry`. Loaded after `records.lua` and
-- `pending_line.lua`.

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
