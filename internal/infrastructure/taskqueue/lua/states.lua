-- Which state a task is in; put in front of the scripts that say so, after `moves.lua`.
local function state_of(queue, id)
  for _, state in ipairs({ 'pending', 'active', 'scheduled', 'retry', 'archived', 'completed' }) do
    if redis.call('ZSCORE', key(queue, state), id) then
      return state
    end
  end
  return 'pending' -- among the suspects
end
