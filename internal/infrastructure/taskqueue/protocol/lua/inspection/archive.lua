#!lua flags=allow-oom
-- Give tasks up that have yet to run. What is to follow a task that is given up follows.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, most}; `most` is how many tasks a queue's archive keeps
-- Returns for each '' or why it was refused; behind them what `following.lua` says of each follower that was refused.
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
