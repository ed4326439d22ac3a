-- What the scripts of periodic tasks share; put in front of them, after `moves.lua`.
local function schedule(name)
  return prefix .. ':schedule:' .. name
end

-- Slots up to here are over: stored, given up, or of a time in which the entry was not there.
local function base(name)
  local since, last = unpack(redis.call('HMGET', schedule(name), 'since', 'last_slot'))
  return math.max(tonumber(since or 0), tonumber(last or 0))
end

-- Both fields tell of the past. If the clock was ahead when they were written, begin anew a little before now: slots
-- may have come since it was corrected. Returns whether that was so.
local function pull_back(name, by)
  if base(name) <= now + SKEW then
    return false
  end
  redis.call('HDEL', schedule(name), 'last_slot')
  redis.call('HSET', schedule(name), 'since', now - by)
  return true
end
