-- What the scripts share: names of keys, and the moves of a task between its states. Put in front of each of them.
-- KEYS[1] is the namespace, a hash tag: every key of the engine lives on one node. Time is Redis' own, in ms.
local prefix = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- ms; what has happened, and is further ahead of now, has a stamp of a clock that was ahead and was corrected.
local SKEW = 30 * 1000

local function key(queue, part)
  return prefix .. ':' .. queue .. ':' .. part
end

-- What only some tasks have: deadline, lock, limit, number of crashes, history of attempts, result.
local function record(queue, id)
  return prefix .. ':' .. queue .. ':task:' .. id
end

-- One token wakes one idle worker; a second would wake another for nothing.
local function wake(queue)
  if redis.call('LLEN', key(queue, 'wake')) == 0 then
    redis.call('LPUSH', key(queue, 'wake'), 1)
  end
end

-- A place in the line tells when it was taken: the ms, and which of its PLACES. So it is known how long the first
-- has waited, and nothing has to be written down for that.
local PLACES = 1024

-- Many at once: a call for each of them would be most of what a task costs.
local function to_back(queue, ids)
  if #ids == 0 then
    return
  end
  local last = redis.call('ZRANGE', key(queue, 'pending'), 0, 0, 'REV', 'WITHSCORES')[2]
  local first = math.max(now * PLACES, last and last + 1 or 0)
  local places = {}
  for n, id in ipairs(ids) do
    places[2 * n - 1], places[2 * n] = first + n - 1, id
  end
  redis.call('ZADD', key(queue, 'pending'), unpack(places))
end

local SUSPECT_FROM = 2 -- crashes: the first may be another task's fault

-- Whether it runs only where no other suspect does, wherever it has been since.
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

-- Into `scheduled` or `retry`. Whoever sleeps until the next due time must know of an earlier one.
local function to_later(queue, state, id, delay)
  local due = now + delay
  local head = redis.call('ZRANGE', key(queue, state), 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', key(queue, state), due, id)
  if not head or due < tonumber(head) then
    wake(queue)
  end
end

-- A lock lasts no longer than it was asked for, also if it was taken while the clock was ahead.
local function pull_back_lock(queue, holder, place)
  local lock_for = redis.call('HGET', record(queue, holder), 'lock_for')
  local due = redis.call('ZSCORE', key(queue, 'scheduled'), holder) or now
  local most = (lock_for or math.huge) + math.max(0, due - now)
  if redis.call('PTTL', place) > most + SKEW then
    redis.call('PEXPIRE', place, most)
  end
end

-- A lock that says: an equal task is there. It is held by the task's id, and only while that task exists; if it
-- `stays`, for all of `ttl`, and says so before the id: NUL, ttl, colon. No id has a NUL.
-- `again`: what it holds already is its own, as for a task that is stored or run once more.
-- Returns nil if it was taken, else who holds it.
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

-- No worker was heard for `gap` ms: Redis was away, or all of them were. Nobody could extend, so every lease
-- starts anew and nothing is reclaimed in this call. Returns whether that is so.
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
