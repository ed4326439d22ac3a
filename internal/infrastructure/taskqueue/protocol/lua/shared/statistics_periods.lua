-- The keys of the statistics. Loaded after `keys.lua`.
-- A period has one hash, which expires: `total` is one row for all tasks, `rows` is [queue -> [task name -> row]]; both
-- are msgpack. `histogram.py` has the numbers of a row. `kept` is the number of periods.
local MINUTE = 60 * 1000
local PERIODS = {
  { name = 'minute', ms = MINUTE, kept = 25 * 60 },
  { name = 'ten_minutes', ms = 10 * MINUTE, kept = 8 * 24 * 6 },
  { name = 'day', ms = 24 * 60 * MINUTE, kept = 90 },
}

local function period_key(period, number)
  return prefix .. ':statistics:' .. period.name .. ':' .. number
end
