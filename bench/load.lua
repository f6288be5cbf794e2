-- What wrk sends: wrk … -s load.lua -- NAME=VALUE…
--   tokens=FILE count=N next=N   another token with each request, of the first N of the file, round and round
--   body=FILE                    the same body with every request
--   think=MILLISECONDS           each connection waits so long between requests, on average: a load that is not more than said
local tokens, at = {}, 0
think = 0
local before, after

function init(args)
  local named = {}
  for _, argument in ipairs(args) do
    local name, value = argument:match("^(%w+)=(.*)$")
    named[name] = value
  end
  think = tonumber(named.think or 0)
  if named.body then
    local file = assert(io.open(named.body, "rb"))
    wrk.method, wrk.body = "POST", file:read("*a")
    file:close()
  end
  if named.tokens then
    local count = tonumber(named.count)
    for line in io.lines(named.tokens) do
      tokens[#tokens + 1] = line
      if #tokens == count then break end
    end
    at = tonumber(named.next) % #tokens
    wrk.headers["authorization"] = "Bearer @"
  end
  -- Assembled once: a request with a token is three strings joined.
  local text = wrk.format()
  local from = named.tokens and text:find("Bearer @", 1, true)
  if from then
    before, after = text:sub(1, from + 6), text:sub(from + 8)
  else
    before = text
  end
end

function request()
  if not after then return before end
  at = at % #tokens + 1
  return before .. tokens[at] .. after
end
