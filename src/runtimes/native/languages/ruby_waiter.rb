# Lets a Ruby process be warm: Ruby requires this file after it has opened the program's file and before it parses it. It
# reports on stderr that the program may begin, and waits for a byte on stdin (src/core/child_protocol.ts). Ruby has read
# the placeholder of the program's file: this file gives Ruby the file that has replaced the placeholder, and removes
# itself from the list of required files.
$stderr.syswrite("\0\x07\0")
begin
  $stdin.sysread(1)
rescue EOFError
  exit!(0) # The service is gone.
end
first_line = File.open($0, "rb", &:gets).to_s
program = ObjectSpace.each_object(File).find { |file| file.path == $0 }
# Ruby has looked for options in the placeholder's first line, and some versions have read all of it already.
exec("/proc/self/exe", $0, *ARGV) if program.nil? || first_line.match?(/\A#!.*\s-/n)
program.reopen($0)
program.lineno = 1 if first_line.start_with?("#!")
TracePoint.new(:return, :c_return) do |point|
  if point.method_id == :require
    point.disable
    $LOADED_FEATURES.delete("/etc/codebeaker/ruby_waiter.rb")
  end
end.enable
