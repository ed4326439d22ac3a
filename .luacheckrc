-- What Redis gives a script, and no more: neither `io` nor `print` exists there.
std = 'none'
read_globals = {
  'ARGV', 'KEYS', 'cjson', 'cmsgpack', 'redis',
  'error', 'ipairs', 'math', 'next', 'pairs', 'pcall', 'string', 'table', 'tonumber', 'tostring', 'type', 'unpack',
}
max_line_length = 120
-- Functions that a table holds, one for each outcome, share a signature.
unused_args = false
