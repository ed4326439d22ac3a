#!lua flags=allow-oom
-- A worker says which periodic entries it has, and learns from where on each of them is to be continued.
-- KEYS[1] namespace
-- ARGV[1] msgpack {shown_for, kept_for, entries}
--   shown_for  ms for which an entry is listed after it was announced
--   kept_for   s for which its last slot and its history are kept after that
--   entries    [[name, spec, time zone, task name, queue], ...]
-- Returns [now, [base of each, ...]]: its next slot is the first one after its base. An entry that is new, or whose
--         slots have become others, begins now.
local shown_for, kept_for, entries = unpack(cmsgpack.unpack(ARGV[1]))
local bases = {}
for n, entry in ipairs(entries) do
  local name, spec, zone, task, queue = unpack(entry)
  local about = schedule(name)
  local known = redis.call('HMGET', about, 'spec', 'time_zone')
  if known[1] ~= spec or known[2] ~= zone then
    redis.call('HSET', about, 'since', now)
  end
  redis.call('HSET', about, 'spec', spec, 'time_zone', zone, 'task', task, 'queue', queue)
  redis.call('EXPIRE', about, kept_for)
  redis.call('EXPIRE', about .. ':history', kept_for)
  redis.call('ZADD', prefix .. ':schedules', now, name)
  bases[n] = base(name)
end
redis.call('ZREMRANGEBYSCORE', prefix .. ':schedules', '-inf', now - shown_for)
return { now, bases }
