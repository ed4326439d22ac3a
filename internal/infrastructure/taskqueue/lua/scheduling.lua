-- What the scripts of periodic tasks share; put in front of them, after `moves.lua`.
local function schedule(name)
  return prefix .. ':schedule:' .. name
end

-- Slots up to here are over: stored, given up, or of a time in which the entry was not there.
local function base(name)
  local since, last = unpack(redis.call('HMGET', schedule(name), 'since', 'last_slot'))
  return math.max(tonumber(since or 0), tonumber(last or 0))
end
