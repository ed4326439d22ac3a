#!lua flags=allow-oom
-- Tell the workers to stop tasks that are active. They hear of it at once through a channel, and at the latest when
-- they extend their leases; who gets the task after that gives it up unstarted.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids}
-- Returns for each '' or why it was refused.
local queue, ids = unpack(cmsgpack.unpack(ARGV[1]))
return act(queue, ids, { active = true }, function(id)
  redis.call('HSETNX', record(queue, id), 'cancelled', now)
  local token = string.gsub(redis.call('HGET', key(queue, 'tokens'), id), '~$', '')
  redis.call('PUBLISH', prefix .. ':cancel', cmsgpack.pack({ queue, id, token }))
end)
