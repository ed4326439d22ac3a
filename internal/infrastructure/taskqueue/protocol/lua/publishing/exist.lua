#!lua flags=allow-oom,no-writes
-- Tell which of these tasks exist, in any state.
-- KEYS[1] namespace
-- ARGV[1] msgpack [[queue, id], ...]
-- Returns 1 or 0 for each.
local found = {}
for i, task in ipairs(cmsgpack.unpack(ARGV[1])) do
  found[i] = redis.call('HEXISTS', key(task[1], 'messages'), task[2])
end
return found
