#!lua flags=allow-oom
-- Stop handing out a queue's tasks, or go on. What is active finishes.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, paused}; paused 1 or 0
local queue, paused = unpack(cmsgpack.unpack(ARGV[1]))
if paused == 1 then
  redis.call('SET', key(queue, 'paused'), now)
else
  redis.call('DEL', key(queue, 'paused'))
  if redis.call('ZCARD', key(queue, 'pending')) + redis.call('ZCARD', key(queue, 'suspects')) > 0 then
    wake(queue)
  end
end
return 0
