#!lua flags=allow-oom
-- Make room in a full Redis: delete the finest statistics that there are.
-- KEYS[1] namespace
-- ARGV[1] msgpack []
-- Returns the number of deleted periods.
local AT_ONCE = 500
for _, period in ipairs(PERIODS) do
  local this, deleted = math.floor(now / period.ms), 0
  for first = this - period.kept, this, AT_ONCE do
    local names = {}
    for number = first, math.min(first + AT_ONCE - 1, this) do
      names[#names + 1] = period_key(period, number)
    end
    -- Not UNLINK: the memory must be free when the next worker asks.
    deleted = deleted + redis.call('DEL', unpack(names))
  end
  if deleted > 0 then
    return deleted
  end
end
return 0
