#!lua
-- Store new tasks. A full Redis refuses this script before it has written anything.
-- KEYS[1] namespace
-- ARGV[1] msgpack [task, ...]; `store` in `store_tasks.lua` describes a task and the return value
return store(cmsgpack.unpack(ARGV[1]))
