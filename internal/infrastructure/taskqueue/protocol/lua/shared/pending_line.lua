-- The line of pending tasks. Loaded after `keys.lua`.

-- One token wakes one idle worker. A second token would wake another worker for nothing.
local function wake(queue)
  local tokens = key(queue, 'wake')
  if redis.call('EXISTS', tokens) == 0 then
    redis.call('LPUSH', tokens, 1)
  end
end

-- The score of a task in line is its place: the ms in which it joined, times PLACES, plus a number within that ms. So
-- the place also tells how long the task has waited.
local PLACES = 1024

-- Returns the first free place at the back.
local function place_at_back(queue)
  local last = redis.call('ZRANGE', key(queue, 'pending'), 0, 0, 'REV', 'WITHSCORES')[2]
  return math.max(now * PLACES, last and last + 1 or 0)
end
