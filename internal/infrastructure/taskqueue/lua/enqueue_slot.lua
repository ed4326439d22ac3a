#!lua
-- Store the tasks of slots that have come: each slot once, whichever worker is first.
-- KEYS[1] namespace
-- ARGV[1] msgpack {missed, slots}; all moments are ms since 1970, by Redis' clock
--   missed  [[name, slot, before], ...]: if nobody has had this slot, give up all before `before`
--   slots   [[name, slot, task], ...], of one entry the oldest first; a task is as `store` takes it
-- Returns [now, [1 if given up by this call, ...], [[base, 1 if a task was stored by this call], ...]]
--         A slot that is later than its entry's base has not come yet: ask again.
local HISTORY = 1000
local missed, slots = unpack(cmsgpack.unpack(ARGV[1]))

local given_up = {}
for n, row in ipairs(missed) do
  local name, slot, before = unpack(row)
  given_up[n] = slot > base(name) and 1 or 0
  if given_up[n] == 1 then
    redis.call('HSET', schedule(name), 'since', before)
  end
end

local function enqueue(name, slot, task)
  redis.call('HSET', schedule(name), 'last_slot', slot)
  local was_there = store({ task })[1][2]
  if was_there == 1 then
    return 0
  end
  local history = schedule(name) .. ':history'
  redis.call('LPUSH', history, slot .. ' ' .. now .. ' ' .. task[2])
  redis.call('LTRIM', history, 0, HISTORY - 1)
  return 1
end

local stored = {}
for n, row in ipairs(slots) do
  local name, slot, task = unpack(row)
  local is_due = slot <= now and slot > base(name)
  local was_stored = is_due and enqueue(name, slot, task) or 0
  stored[n] = { base(name), was_stored }
end
return { now, given_up, stored }
