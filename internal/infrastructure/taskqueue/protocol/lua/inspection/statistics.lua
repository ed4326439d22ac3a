#!lua flags=allow-oom,no-writes
-- Read the statistics of consecutive periods.
-- KEYS[1] namespace
-- ARGV[1] msgpack {name, last, count, field}
--   name   of the kind of period, in `statistics_periods.lua`
--   last   number of the newest period since 1970; -1 for the current one
--   count  number of periods
--   field  'total' or 'rows'
-- Returns [last, [field of each period, the oldest first; nil if nothing was counted]]
local name, last, count, field = unpack(cmsgpack.unpack(ARGV[1]))
local period
for _, each in ipairs(PERIODS) do
  period = each.name == name and each or period
end
if last < 0 then
  last = math.floor(now / period.ms)
end
local found = {}
for number = last - count + 1, last do
  table.insert(found, redis.call('HGET', period_key(period, number), field))
end
return { last, found }
