#!lua
-- Store new tasks. A full Redis refuses this script as a whole, before it has written anything.
-- KEYS[1] namespace
-- ARGV[1] msgpack [[queue, id, message, delay, deadline], ...]; delay and deadline are ms from now,
--         deadline -1 is none
-- Returns for each task [state, 1 if a task with this id was there already, in that state].
local function state_of(queue, id)
  for _, state in ipairs({ 'pending', 'active', 'scheduled', 'retry', 'archived', 'completed' }) do
    if redis.call('ZSCORE', key(queue, state), id) then
      return state
    end
  end
  return 'pending' -- among the suspects
end

local stored, lines = {}, {}
for i, task in ipairs(cmsgpack.unpack(ARGV[1])) do
  local queue, id, message, delay, deadline = unpack(task)
  if redis.call('HSETNX', key(queue, 'messages'), id, message) == 0 then
    stored[i] = { state_of(queue, id), 1 }
  else
    lines[queue] = lines[queue] or {}
    if deadline >= 0 then
      redis.call('HSET', record(queue, id), 'deadline', now + deadline)
    end
    if delay > 0 then
      to_later(queue, 'scheduled', id, delay)
      stored[i] = { 'scheduled', 0 }
    else
      table.insert(lines[queue], id)
      stored[i] = { 'pending', 0 }
    end
  end
end
for queue, ids in pairs(lines) do
  redis.call('SADD', prefix .. ':queues', queue)
  if #ids > 0 then
    to_back(queue, ids)
    wake(queue)
  end
end
return stored
