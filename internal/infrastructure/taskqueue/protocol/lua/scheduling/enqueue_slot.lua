#!lua
-- Store the tasks of slots that have come: each slot once, whichever worker is first.
-- KEYS[1] namespace
-- ARGV[1] msgpack {missed, slots}; all moments are ms since 1970, by Redis' clock
--   missed  [[name, slot, before], ...]: if nobody has had this slot, give up all before `before`
--   slots   [[name, slot, task], ...], of one entry the oldest first; a task is as `store` takes it
-- Returns [now, [1 if given up by this call, ...], [[base, 1 if a task was stored by this call], ...]]; behind base and
--         1 or 0 the id of another task that was in its way, if this call has given up the slot for that
--         A slot that is later than its entry's base has not come yet: ask again.
local HISTORY = 1000
local missed, slots = unpack(cmsgpack.unpack(ARGV[1]))

local given_up = {}
for n, row in ipairs(missed) do
  local name, slot, before = unpack(row)
  given_up[n] = slot > base(name) and 1 or 0
  if given_up[n] == 1 then
    redis.call('HSET', schedule(name), 'since', math.min(before, now))
  end
end

local function enqueue(name, slot, task)
  redis.call('HSET', schedule(name), 'last_slot', slot)
  local _, was_there, other = unpack(store({ task })[1])
  if was_there == 1 then
    return 0, other
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
  local was_stored, other = 0, nil
  if is_due then
    was_stored, other = enqueue(name, slot, task)
  end
  stored[n] = { base(name), was_stored, other }
end
return { now, given_up, stored }
