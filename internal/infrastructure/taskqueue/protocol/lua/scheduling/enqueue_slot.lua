#!lua
-- Store the tasks of due slots. The first worker wins; each slot is stored once.
-- KEYS[1] namespace
-- ARGV[1] msgpack {missed, slots}; all times are ms since 1970, by Redis' clock
--   missed  [[name, slot, before], ...]: if the slot is still open, skip all slots before `before`
--   slots   [[name, slot, task], ...], the oldest of an entry first; `task` is an argument of `store`
-- Returns [now, [1 if this call skipped the slots, ...], [[base, stored, other], ...]]
--   base    a slot after its entry's base is not due yet: ask again
--   stored  1 if this call stored the task
--   other   the id of the task because of which this call skipped the slot, if any
local missed, slots = unpack(cmsgpack.unpack(ARGV[1]))

local skipped = {}
for n, row in ipairs(missed) do
  local name, slot, before = unpack(row)
  skipped[n] = slot > base(name) and 1 or 0
  if skipped[n] == 1 then
    redis.call('HSET', schedule(name), 'since', math.min(before, now))
  end
end

local function enqueue(name, slot, task)
  redis.call('HSET', schedule(name), 'last_slot', slot)
  if is_entry_paused(name) then
    return 0
  end
  local _, was_there, other = unpack(store({ task })[1])
  if was_there == 1 then
    return 0, other
  end
  remember(name, slot, task[2])
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
return { now, skipped, stored }
