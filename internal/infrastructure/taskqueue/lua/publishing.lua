-- How new tasks are stored; put in front of the scripts that do, after `states.lua`.
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

-- What only some tasks have: its lock was taken before.
local function write_terms(queue, id, deadline, terms)
  local fields = {}
  if deadline >= 0 then
    fields = { 'deadline', now + deadline }
  end
  for name, value in pairs(terms) do
    fields[#fields + 1], fields[#fields + 2] = name, value
  end
  if #fields > 0 then
    redis.call('HSET', record(queue, id), unpack(fields))
  end
end

-- `tasks` are [queue, id, message, delay, deadline, terms]; delay and deadline are ms from now, -1 is no deadline.
--   terms  each if the task has it, times in ms: {lock, lock_for, limit, max_running, rate, per, on_success,
--          on_failure, group, size}. The lock of a delayed task is held for `lock_for` ms from when it is due.
--          on_success, on_failure are msgpack of `tasks`, to be stored when it is done or given up; in a group of
--          `size`, when all are done, or for the first that is given up
-- Returns for each [state, 0], or where nothing was stored [state, 1, id] of the task that was there, under this
-- id or with its lock.
local function store(tasks)
  local stored, messages, lines = {}, {}, {}
  local taken = taken_among(tasks)
  for i, task in ipairs(tasks) do
    local queue, id, message, delay, deadline, terms = unpack(task)
    local there = taken[queue][id] and id
      or terms.lock and take_lock(queue, id, terms.lock, delay + terms.lock_for)
    if there then
      stored[i] = { state_of(queue, there), 1, there }
    else
      taken[queue][id] = true
      messages[queue], lines[queue] = messages[queue] or {}, lines[queue] or {}
      if terms.lock then -- the next of them may be its equal
        redis.call('HSET', key(queue, 'messages'), id, message)
      else
        table.insert(messages[queue], id)
        table.insert(messages[queue], message)
      end
      write_terms(queue, id, deadline, terms)
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
    if #messages[queue] > 0 then
      redis.call('HSET', key(queue, 'messages'), unpack(messages[queue]))
    end
    if #ids > 0 then
      to_back(queue, ids)
      wake(queue)
    end
  end
  return stored
end
