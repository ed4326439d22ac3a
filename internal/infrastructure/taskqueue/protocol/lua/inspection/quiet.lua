#!lua flags=allow-oom
-- Ask a worker to fetch nothing more, or to go on. Its next heartbeat tells it.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, quiet}; quiet: 1 or 0
-- Returns 1 if that is a change, 0 if not, -1 if no such worker is up, -2 if its version does not know this.
local worker, quiet = unpack(cmsgpack.unpack(ARGV[1]))
local heard, knows = unpack(redis.call('HMGET', prefix .. ':worker:' .. worker, 'heard', 'quiet'))
if not heard then
  return -1
end
if not knows then
  return -2
end
if quiet == 1 then
  return redis.call('SET', quiet_key(worker), now, 'NX', 'EX', QUIET_TTL) and 1 or 0
end
return redis.call('DEL', quiet_key(worker))
