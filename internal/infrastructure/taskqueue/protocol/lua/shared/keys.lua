-- The names of keys, and the time of this call. Loaded first in every script.
-- KEYS[1] is the namespace, a hash tag: every key of the engine is on one node. Times are Redis' own, in ms since 1970.
local prefix = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local today = math.floor(now / (24 * 3600 * 1000)) -- days since 1970, UTC

-- ms. If a past event is further ahead of now, Redis' clock was ahead at that time and has been corrected.
local SKEW = 30 * 1000

local function key(queue, part)
  return prefix .. ':' .. queue .. ':' .. part
end
