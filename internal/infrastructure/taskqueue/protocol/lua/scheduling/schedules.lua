#!lua flags=allow-oom,no-writes
-- List the periodic entries that workers have announced lately.
-- KEYS[1] namespace
-- ARGV[1] msgpack {shown_for}, in ms
-- Returns [now, [[name, spec, time zone, task name, queue, last slot or '',
-- 1 if it is paused], ...]], by name; times in ms since 1970
local shown_for = cmsgpack.unpack(ARGV[1])[1]
local names = redis.call('ZRANGE', prefix .. ':schedules', now - shown_for, '+inf', 'BYSCORE')
table.sort(names)
local entries = {}
for _, name in ipairs(names) do
  local fields = { 'spec', 'time_zone', 'task', 'queue', 'last_slot' }
  local spec, zone, task, queue, last = unpack(redis.call('HMGET', schedule(name), unpack(fields)))
  if spec then
    entries[#entries + 1] = { name, spec, zone, task, queue, last or '', is_entry_paused(name) and 1 or 0 }
  end
end
return { now, entries }
