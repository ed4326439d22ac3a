-- Shared by the scripts for operator actions. Loaded before them, after `task_state.lua`.

-- Act on each task that is in one of `states`. `move` takes the id, its set and its index in `ids`, and may refuse
-- by returning a reason. Returns '' or the reason of the refusal for each id.
local function act(queue, ids, states, move)
  local refusals = {}
  for n, id in ipairs(ids) do
    local set = find(queue, id)
    local state = state_for(set)
    if not state then
      refusals[n] = 'there is no such task'
    elseif not states[state] then
      refusals[n] = 'it is ' .. state
    else
      refusals[n] = move(id, set, n) or ''
    end
  end
  return refusals
end
