-- What scripts that only look at tasks share; put in front of them, after `moves.lua`.
-- The name of the field that has the last failed attempt, and what it says.
local function last_attempt(of)
  local last = ''
  for _, field in ipairs(redis.call('HKEYS', of)) do
    if string.sub(field, 1, 8) == 'attempt:' and field > last then
      last = field
    end
  end
  return last, last ~= '' and redis.call('HGET', of, last)
end

local KEPT = { 'deadline', 'crashes', 'cancelled', 'completed', 'result', 'lock_for', 'lock_until' }

-- What is known of each task: [id, score, message, end of retention, deadline, crashes, cancelled, completed,
-- result, lock_for, lock_until, last attempt, its note]. It ends with the task that makes messages, results and notes
-- more than `most` bytes.
local function describe(queue, ids, scores, most)
  local rows, bytes, records = {}, 0, {}
  for n, id in ipairs(ids) do
    records[n] = record(queue, id)
  end
  local some_have_records = #ids > 0 and redis.call('EXISTS', unpack(records)) > 0
  for n, id in ipairs(ids) do
    local message = redis.call('HGET', key(queue, 'messages'), id)
    local row = { id, scores[n] or '', message, redis.call('ZSCORE', key(queue, 'retained'), id) }
    if some_have_records then
      local kept = redis.call('HMGET', records[n], unpack(KEPT))
      for field = 1, #KEPT do
        row[4 + field] = kept[field]
      end
      row[12], row[13] = last_attempt(records[n])
    end
    rows[n] = row
    bytes = bytes + #(message or '') + #(row[9] or '') + #(row[13] or '')
    if bytes > most then
      break
    end
  end
  return rows
end
