-- Which workers an operator has asked to fetch nothing. Loaded after `keys.lua`.
local QUIET_TTL = 24 * 3600 -- s after the last heartbeat

local function quiet_key(worker)
  return prefix .. ':quiet:' .. worker
end
