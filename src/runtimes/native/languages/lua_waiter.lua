-- Lets a Lua process be warm: Lua runs this file before it opens the program's. It reports on stderr that the program may
-- begin, and waits for a byte on stdin (src/core/child_protocol.ts), which a shell reads, since Lua would read more of it.
-- Then it removes from arg the words by which Lua runs this file.
if not os.execute([[printf '\000\007\000' >&2; read -r go]]) then
  os.exit(0) -- The service is gone.
end
arg[-2], arg[-1], arg[-4], arg[-3] = arg[-4], arg[-3], nil, nil
