-- wrk sends another token with each request. Arguments: the file of tokens, how many of them, which is the first.
local tokens, at = {}, 0
local before, after

function init(args)
  local count = tonumber(args[2])
  for line in io.lines(args[1]) do
    tokens[#tokens + 1] = line
    if #tokens == count then break end
  end
  at = tonumber(args[3]) % #tokens
  -- Assembled once: a request is three strings joined.
  wrk.headers["authorization"] = "Bearer @"
  local request = wrk.format("GET")
  local from = request:find("@", 1, true)
  before, after = request:sub(1, from - 1), request:sub(from + 1)
end

function request()
  at = at % #tokens + 1
  return before .. tokens[at] .. after
end
