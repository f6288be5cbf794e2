-- Sends the same body with every request: wrk … -s body.lua -- FILE
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method, wrk.body = "POST", file:read("*a")
  file:close()
end
