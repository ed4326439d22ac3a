#!lua flags=allow-oom
-- Extend the leases of what a worker holds; after an error also hand back what it does not know that it holds.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, epoch, lease, gap, held, reconcile}
--   held       [[queue, id, token], ...]: everything the worker has, running, waiting or not yet settled
--   reconcile  1: tasks active under this worker and not in `held` go back to the front, uncounted: they left in
--              a reply that never arrived. Calls of an earlier epoch that are still on their way fetch nothing
-- Returns the ids in `held` whose token no longer holds: another has them, or they are settled.
local EPOCH_TTL = 24 * 3600
local worker, epoch, lease, gap, held, reconcile = unpack(cmsgpack.unpack(ARGV[1]))

nobody_was_seen(gap, lease)
local lost, known = {}, {}
for _, task in ipairs(held) do
  local queue, id, token = unpack(task)
  known[queue .. '\0' .. id] = true
  if holds(queue, id, token) then
    redis.call('ZADD', key(queue, 'active'), 'XX', now + lease, id)
  else
    lost[#lost + 1] = id
  end
end

if reconcile == 1 then
  redis.call('SET', prefix .. ':epoch:' .. worker, epoch, 'EX', EPOCH_TTL)
  local mine = worker .. ':'
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
    local tokens = redis.call('HGETALL', key(queue, 'tokens'))
    for i = 1, #tokens, 2 do
      if string.sub(tokens[i + 1], 1, #mine) == mine and not known[queue .. '\0' .. tokens[i]] then
        leave_active(queue, tokens[i])
        to_front(queue, tokens[i])
        wake(queue)
      end
    end
  end
end
return lost
