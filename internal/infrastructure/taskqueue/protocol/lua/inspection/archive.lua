#!lua flags=allow-oom
-- Archive tasks that wait, and enqueue their failure followers.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, most}; `most` is how many tasks a queue's archive keeps
-- Returns '' or the reason of the refusal for each id, then a row for each refused follower (see `followers.lua`).
local queue, ids, most = unpack(cmsgpack.unpack(ARGV[1]))
local refusals = act(queue, ids, { pending = true, scheduled = true, retry = true }, function(id, set)
  redis.call('ZREM', key(queue, set), id)
  follow_failure(queue, id)
  to_archive(queue, id, most)
end)
for _, follower in ipairs(refused) do
  table.insert(refusals, follower)
end
return refusals
