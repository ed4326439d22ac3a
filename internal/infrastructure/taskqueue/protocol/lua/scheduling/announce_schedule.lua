#!lua flags=allow-oom
-- Announce the periodic entries of a worker, and return from where each of them continues.
-- KEYS[1] namespace
-- ARGV[1] msgpack {shown_for, kept_for, every, entries}
--   shown_for  ms for which an entry is listed after an announcement
--   kept_for   seconds for which its last slot and history are kept after an announcement
--   every      ms until the next announcement of this worker
--   entries    [[name, spec, time zone, task name, queue], ...]
-- Returns [now, [base, ...], names of reset entries (only if there are any)]
--   base  the next slot is the first one after it; now, if the entry is new or its slots have changed
--   An entry is reset if its last slot was ahead of now.
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
