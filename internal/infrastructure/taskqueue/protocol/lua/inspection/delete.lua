#!lua flags=allow-oom
-- Delete tasks that are not running.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids}
-- Returns '' or the reason of the refusal for each id.
local queue, ids = unpack(cmsgpack.unpack(ARGV[1]))
local states = { pending = true, scheduled = true, retry = true, archived = true, completed = true }
return act(queue, ids, states, function(id, set)
  trim(queue, set, { id })
end)
