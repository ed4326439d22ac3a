#!lua
-- Store new tasks. A full Redis refuses this script as a whole, before it has written anything.
-- KEYS[1] namespace
-- ARGV[1] msgpack [[queue, id, message, delay, deadline], ...]
-- Returns what `store` in `publishing.lua` does.
return store(cmsgpack.unpack(ARGV[1]))
