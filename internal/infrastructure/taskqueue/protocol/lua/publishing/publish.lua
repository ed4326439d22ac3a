#!lua
-- Store new tasks. A full Redis refuses this script as a whole, before it has written anything.
-- KEYS[1] namespace
-- ARGV[1] msgpack [task, ...], as `store` in `publishing.lua` takes them, which says what is returned, too
return store(cmsgpack.unpack(ARGV[1]))
