#!lua
-- Store a task of a periodic entry now. Its slots stay as they are.
-- KEYS[1] namespace
-- ARGV[1] msgpack {name, task}; `task` is an argument of `store`
-- Returns 0 if it is stored, -1 if no worker has announced such an entry, or the id of the task in the way.
local name, task = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('HEXISTS', schedule(name), 'spec') == 0 then
  return -1
end
local _, was_there, other = unpack(store({ task })[1])
if was_there == 1 then
  return other
end
remember(name, now, task[2])
return 0
