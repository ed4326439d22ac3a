-- Shared by the scripts of periodic tasks. Loaded before them.
local function schedule(name)
  return prefix .. ':schedule:' .. name
end

-- Slots up to here are done: stored, skipped, or older than the entry.
local function base(name)
  local since, last = unpack(redis.call('HMGET', schedule(name), 'since', 'last_slot'))
  return math.max(tonumber(since or 0), tonumber(last or 0))
end

local function is_entry_paused(name)
  return redis.call('HEXISTS', schedule(name), 'paused') == 1
end

local HISTORY = 1000

local function remember(name, slot, id)
  local history = schedule(name) .. ':history'
  redis.call('LPUSH', history, slot .. ' ' .. now .. ' ' .. id)
  redis.call('LTRIM', history, 0, HISTORY - 1)
end

-- Both fields must be in the past. If the clock was ahead when they were written, start again a little before now,
-- because slots may have been due since the correction. Returns whether that happened.
local function pull_back(name, by)
  if base(name) <= now + SKEW then
    return false
  end
  redis.call('HDEL', schedule(name), 'last_slot')
  redis.call('HSET', schedule(name), 'since', now - by)
  return true
end
