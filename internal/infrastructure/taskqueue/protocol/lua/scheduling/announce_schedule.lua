#!lua flags=allow-oom
-- A worker says which periodic entries it has, and learns from where on each of them is to be continued.
-- KEYS[1] namespace
-- ARGV[1] msgpack {shown_for, kept_for, every, entries}
--   shown_for  ms for which an entry is listed after it was announced
--   kept_for   s for which its last slot and its history are kept after that
--   every      ms after which the worker announces them again
--   entries    [[name, spec, time zone, task name, queue], ...]
-- Returns [now, [base of each, ...]]: its next slot is the first one after its base. An entry that is new, or whose
--         slots have become others, begins now. Behind them, only if there are any: the names of those whose last slot
--         was ahead of now, which begin anew.
local shown_for, kept_for, every, entries = unpack(cmsgpack.unpack(ARGV[1]))
local bases, pulled_back = {}, {}
for n, entry in ipairs(entries) do
  local name, spec, zone, task, queue = unpack(entry)
  local about = schedule(name)
  local known = redis.call('HMGET', about, 'spec', 'time_zone')
  if known[1] ~= spec or known[2] ~= zone then
    redis.call('HSET', about, 'since', now)
  end
  if pull_back(name, every) then
    table.insert(pulled_back, name)
  end
  redis.call('HSET', about, 'spec', spec, 'time_zone', zone, 'task', task, 'queue', queue)
  redis.call('EXPIRE', about, kept_for)
  redis.call('EXPIRE', about .. ':history', kept_for)
  redis.call('ZADD', prefix .. ':schedules', now, name)
  bases[n] = base(name)
end
redis.call('ZREMRANGEBYSCORE', prefix .. ':schedules', '-inf', now - shown_for)
for _, name in ipairs(redis.call('ZRANGE', prefix .. ':schedules', now + SKEW, '+inf', 'BYSCORE')) do
  redis.call('ZADD', prefix .. ':schedules', now, name)
end
return { now, bases, #pulled_back > 0 and pulled_back or nil }
