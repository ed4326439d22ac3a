-- How new tasks are stored; put in front of the scripts that do, after `moves.lua`.
local function state_of(queue, id)
  for _, state in ipairs({ 'pending', 'active', 'scheduled', 'retry', 'archived', 'completed' }) do
    if redis.call('ZSCORE', key(queue, state), id) then
      return state
    end
  end
  return 'pending' -- among the suspects
end

-- Which ids are taken, whatever the state of their tasks: queue -> id -> true.
local function taken_among(tasks)
  local ids, taken = {}, {}
  for _, task in ipairs(tasks) do
    local queue = task[1]
    ids[queue] = ids[queue] or {}
    table.insert(ids[queue], task[2])
  end
  for queue, of_queue in pairs(ids) do
    taken[queue] = {}
    for n, message in ipairs(redis.call('HMGET', key(queue, 'messages'), unpack(of_queue))) do
      taken[queue][of_queue[n]] = message and true
    end
  end
  return taken
end

-- `tasks` are [queue, id, message, delay, deadline]; delay and deadline are ms from now, deadline -1 is none.
-- Returns for each [state, 1 if a task with this id was there already, in that state].
local function store(tasks)
  local stored, messages, lines = {}, {}, {}
  local taken = taken_among(tasks)
  for i, task in ipairs(tasks) do
    local queue, id, message, delay, deadline = unpack(task)
    if taken[queue][id] then
      stored[i] = { state_of(queue, id), 1 }
    else
      taken[queue][id] = true
      messages[queue], lines[queue] = messages[queue] or {}, lines[queue] or {}
      table.insert(messages[queue], id)
      table.insert(messages[queue], message)
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
    redis.call('HSET', key(queue, 'messages'), unpack(messages[queue]))
    if #ids > 0 then
      to_back(queue, ids)
      wake(queue)
    end
  end
  return stored
end
