#!lua flags=allow-oom
-- Cancel active tasks. Workers learn it from a channel, at the latest when they extend their leases. A worker that
-- gets a cancelled task later archives it without running it.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids}
-- Returns '' or the reason of the refusal for each id.
local queue, ids = unpack(cmsgpack.unpack(ARGV[1]))
return act(queue, ids, { active = true }, function(id)
  redis.call('HSETNX', record(queue, id), 'cancelled', now)
  local token = string.gsub(redis.call('HGET', key(queue, 'tokens'), id), '~$', '')
  redis.call('PUBLISH', prefix .. ':cancel', cmsgpack.pack({ queue, id, token }))
end)
