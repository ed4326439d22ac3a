-- Reads a sorted set by score and id, from any member on. Loaded after `keys.lua`.

-- Redis orders ids of one score by their bytes; Lua's `<` depends on the locale.
local function precedes(a, b)
  for n = 1, math.min(#a, #b) do
    if string.byte(a, n) ~= string.byte(b, n) then
      return string.byte(a, n) < string.byte(b, n)
    end
  end
  return #a < #b
end

-- The number of members before (score, id), which need not be a member.
local function count_before(set, score, id)
  local low = redis.call('ZCOUNT', set, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', set, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if precedes(redis.call('ZRANGE', set, middle, middle)[1], id) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- Returns up to `count` + 1 members with their scores: those after (score, id), which need not exist. With score '',
-- the first ones.
--   newest  1 for the highest scores first
local function read_after(set, newest, score, id, count)
  local first = 0
  if score ~= '' then
    local before = count_before(set, score, id)
    if newest == 1 then
      first = redis.call('ZCARD', set) - before
    else
      first = redis.call('ZSCORE', set, id) == score and before + 1 or before
    end
  end
  if newest == 1 then
    return redis.call('ZRANGE', set, first, first + count, 'REV', 'WITHSCORES')
  end
  return redis.call('ZRANGE', set, first, first + count, 'WITHSCORES')
end
