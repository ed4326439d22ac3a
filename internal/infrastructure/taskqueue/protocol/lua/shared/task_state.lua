-- The state of a task. Loaded after `enter_state.lua`.
local SETS = { 'pending', 'suspects', 'active', 'scheduled', 'retry', 'archived', 'completed' }

-- Returns the set that holds a task, and its score there; nothing if there is no such task.
local function find(queue, id)
  for _, set in ipairs(SETS) do
    local score = redis.call('ZSCORE', key(queue, set), id)
    if score then
      return set, score
    end
  end
end

-- Returns the state that people see for a set.
local function state_for(set)
  return set == 'suspects' and 'pending' or set
end

-- Returns the state of a task that exists. It is in no set yet if this call stores it.
local function state_of(queue, id)
  return state_for(find(queue, id) or 'pending')
end
