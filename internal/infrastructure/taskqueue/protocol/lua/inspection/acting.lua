-- What scripts that act on tasks for an operator share; put in front of them, after `states.lua`.

-- Do something to each of the tasks that is in one of the states. `move` takes the id, its set and its place in
-- `ids`, and may refuse, too, by returning why. Returns for each '' or why it was refused.
local function act(queue, ids, states, move)
  local refusals = {}
  for n, id in ipairs(ids) do
    local set = find(queue, id)
    local state = set == 'suspects' and 'pending' or set
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
