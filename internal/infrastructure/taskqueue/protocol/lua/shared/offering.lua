-- Offers places after the set of running queues or workers has changed. Loaded after `limit_lines.lua`.

-- Offers the places of all limits for which tasks of these queues wait.
local function offer_places_of(queues)
  local seen = {}
  for _, queue in ipairs(queues) do
    for _, limit in ipairs(redis.call('SMEMBERS', key(queue, 'limits'))) do
      if not seen[limit] then
        seen[limit] = true
        offer_places(limit)
      end
    end
  end
end
