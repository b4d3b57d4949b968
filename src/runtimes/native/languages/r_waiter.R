# Lets an R process be warm: R reads this file as the site's profile after it has opened the program's file and before it
# reads it. A process with the variable CODEBEAKER_WAITS attaches the packages that R attaches afterwards, reports on
# stderr that the program may begin, and waits for a byte on stdin (src/core/child_protocol.ts), which a shell reads, since
# R would read more of it. Then it writes the file that has replaced the placeholder into the file that R has opened.
if (nzchar(Sys.getenv("CODEBEAKER_WAITS"))) local({
  Sys.unsetenv("CODEBEAKER_WAITS")
  .First.sys()
  program <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[[1]])
  opened <- file(program, "r+b")
  if (system("printf '\\000\\007\\000' >&2; read -r go") != 0) quit("no") # The service is gone.
  code <- readBin(program, "raw", file.size(program))
  writeBin(code, opened)
  seek(opened, 0, rw = "read")
  isWhole <- identical(readBin(opened, "raw", length(code)), code)
  close(opened)
  if (!isWhole) {
    cat("Cannot read the program: no space is left\n", file = stderr())
    quit("no", 2)
  }
})
