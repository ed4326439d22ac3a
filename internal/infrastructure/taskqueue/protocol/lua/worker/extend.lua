#!lua flags=allow-oom
-- Extend the leases of a worker. After an error, also return the tasks that it holds without knowing.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, epoch, lease, gap, held, reconcile}
--   held       [[queue, id, token], ...]: all tasks of the worker: running, prefetched or not yet settled
--   reconcile  1: active tasks of this worker that are not in `held` go back to the front. No crash is counted.
--              Their reply never arrived. Late calls of an earlier epoch fetch nothing
-- Returns [lost, cancelled], two lists of indexes in `held`, from 1
--   lost       the token is invalid: the task is settled, or it belongs to another worker
--   cancelled  an operator has cancelled the task
-- A worker may hold a task twice: once lost, and once fetched again.
local EPOCH_TTL = 24 * 3600
local worker, epoch, lease, gap, held, reconcile = unpack(cmsgpack.unpack(ARGV[1]))

nobody_was_seen(gap, lease)
local lost, cancelled, known = {}, {}, {}
for place, task in ipairs(held) do
  local queue, id, token = unpack(task)
  known[queue .. '\0' .. id .. '\0' .. token] = true
  if is_token(redis.call('HGET', key(queue, 'tokens'), id), token) then
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
        hand_back(queue, id)
      end
    end
  end
end
return { lost, cancelled }
