#!lua
-- Add what a worker has counted since its last call. A full Redis refuses this script before it has written anything.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, batch, rows}
--   batch  the number of the call: a worker repeats a call whose reply was lost, and it is added once
--   rows   [[queue, task name, row], ...], see `histogram.py`
-- Returns 1, or 0 if this batch was added before.
local BATCH_TTL = 24 * 3600
-- The places of maxima in a row; the other numbers are sums.
local MAXIMA = { [4] = true, [5] = true }
local worker, batch, rows = unpack(cmsgpack.unpack(ARGV[1]))

local last = prefix .. ':statistics:batch:' .. worker
if redis.call('GET', last) == tostring(batch) then
  return 0
end
redis.call('SET', last, batch, 'EX', BATCH_TTL)

local function add(sums, row)
  for n, number in ipairs(row) do
    local sum = sums[n] or 0
    sums[n] = MAXIMA[n] and math.max(sum, number) or sum + number
  end
  return sums
end

for _, period in ipairs(PERIODS) do
  local name = period_key(period, math.floor(now / period.ms))
  local packed = redis.call('HMGET', name, 'total', 'rows')
  local total = packed[1] and cmsgpack.unpack(packed[1]) or {}
  local by_queue = packed[2] and cmsgpack.unpack(packed[2]) or {}
  for _, counted in ipairs(rows) do
    local queue, task, row = unpack(counted)
    add(total, row)
    by_queue[queue] = by_queue[queue] or {}
    by_queue[queue][task] = add(by_queue[queue][task] or {}, row)
  end
  redis.call('HSET', name, 'total', cmsgpack.pack(total), 'rows', cmsgpack.pack(by_queue))
  redis.call('EXPIRE', name, period.kept * period.ms / 1000)
end
return 1
