#!lua flags=allow-oom
-- Extend the leases of what a worker holds; after an error also hand back what it does not know that it holds.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, epoch, lease, gap, held, reconcile}
--   held       [[queue, id, token], ...]: everything the worker has, running, waiting or not yet settled
--   reconcile  1: tasks active under this worker and not in `held` go back to the front, uncounted: they left in
--              a reply that never arrived. Calls of an earlier epoch that are still on their way fetch nothing
-- Returns two lists of places in `held`, from 1: of those whose token no longer holds, since another has them or
--         they are settled, and of those that an operator has cancelled. A worker may hold one task twice: as it
--         was lost, and as it was fetched again.
local EPOCH_TTL = 24 * 3600
local worker, epoch, lease, gap, held, reconcile = unpack(cmsgpack.unpack(ARGV[1]))

nobody_was_seen(gap, lease)
local lost, cancelled, known = {}, {}, {}
for place, task in ipairs(held) do
  local queue, id, token = unpack(task)
  known[queue .. '\0' .. id .. '\0' .. token] = true
  if holds(queue, id, token) then
    redis.call('ZADD', key(queue, 'active'), 'XX', now + lease, id)
    if redis.call('HEXISTS', record(queue, id), 'cancelled') == 1 then
      cancelled[#cancelled + 1] = place
    end
  else
    lost[#lost + 1] = place
  end
end

if reconcile == 1 then
  redis.call('SET', prefix .. ':epoch:' .. worker, epoch, 'EX', EPOCH_TTL)
  local mine = worker .. ':'
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
    local tokens = redis.call('HGETALL', key(queue, 'tokens'))
    for i = 1, #tokens, 2 do
      local id, token = tokens[i], string.gsub(tokens[i + 1], '~$', '')
      if string.sub(token, 1, #mine) == mine and not known[queue .. '\0' .. id .. '\0' .. token] then
        keep_turn(queue, id)
        leave_active(queue, { id })
        to_front(queue, id)
        wake(queue)
      end
    end
  end
end
return { lost, cancelled }
