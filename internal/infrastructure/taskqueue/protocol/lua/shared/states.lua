-- Which state a task is in; put in front of the scripts that say so, after `moves.lua`.
local SETS = { 'pending', 'suspects', 'active', 'scheduled', 'retry', 'archived', 'completed' }

-- The set that holds a task, and its score there; nothing if there is no such task.
local function find(queue, id)
  for _, set in ipairs(SETS) do
    local score = redis.call('ZSCORE', key(queue, set), id)
    if score then
      return set, score
    end
  end
end

-- Of one that there is; the call that stores it may yet have to put it in line.
local function state_of(queue, id)
  local set = find(queue, id) or 'pending'
  return set == 'suspects' and 'pending' or set
end
