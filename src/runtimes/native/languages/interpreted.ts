import { RUBY_TEST_PROGRAMS } from "../../interpreters/ruby_test_programs.ts";
import { PHP_TEST_PROGRAMS } from "../../interpreters/php_test_programs.ts";
import { python } from "./python.ts";
import type { LanguageRow } from "./row.ts";
import { LUA_WAITER, PERL_WAITER, phpWaiter, RUBY_WAITER, rWaiter } from "./waiters.ts";

/** 16 MiB in bytes, for programs that exhaust memory. */
const MEBIBYTES_16 = "16777216";

const bash: LanguageRow = {
  binaries: ["bash"],
  debianPackage: "bash",
  run: ["{binary}", "{file}"],
  memoryEndings: [{ pattern: /cannot allocate \d+ bytes/, endings: [2] }],
  programs: {
    honest: "echo $((6 * 7))",
    readFile: (path) => `cat '${path}' 2>/dev/null; exit 0`,
    connect: (port) => `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; exit 0`,
    exhaust: `x=$(head -c ${MEBIBYTES_16} /dev/zero | tr '\\0' x); for n in 1 2 3 4 5 6; do x=$x$x; done; echo \${#x}`,
  },
};

/** The shell of POSIX, which opens no connection itself. */
const sh: LanguageRow = {
  binaries: ["sh"],
  debianPackage: "dash",
  run: ["{binary}", "{file}"],
  memoryEndings: [{ pattern: /Out of space/, endings: [2] }],
  programs: {
    honest: "echo $((6 * 7))",
    readFile: (path) => `cat '${path}' 2>/dev/null; exit 0`,
    connect: connectByBash,
    // A tail that is refused memory ends before it is sampled. This one gets 128 MB, and keeps them.
    exhaust: "{ head -c 134217728 /dev/zero; sleep 60; } | tail",
  },
};

const perl: LanguageRow = {
  binaries: ["perl"],
  debianPackage: "perl",
  run: ["{binary}", "{file}"],
  waiter: PERL_WAITER,
  memoryEndings: [{ pattern: /^Out of memory/m, endings: [1] }],
  programs: {
    honest: 'print 6 * 7, "\\n";',
    readFile: (path) => `if (open(my $file, "<", '${path}')) { print <$file>; }`,
    connect: (port) => `use IO::Socket::INET; IO::Socket::INET->new(PeerAddr => "127.0.0.1:${port}", Timeout => 1);`,
    exhaust: `my @kept; push @kept, "x" x ${MEBIBYTES_16} for 1..64; print scalar(@kept), "\\n";`,
  },
};

const ruby: LanguageRow = {
  binaries: ["ruby"],
  debianPackage: "ruby",
  costs: { memoryOverheadMB: 25 },
  run: ["{binary}", "{file}"],
  waiter: RUBY_WAITER,
  memoryEndings: [{ pattern: /failed to allocate memory/, endings: [1] }],
  programs: RUBY_TEST_PROGRAMS,
};

const PHP_COMMAND = ["{binary}", "-n", "-d", "memory_limit=-1", "-d", "display_errors=stderr"];

const php: LanguageRow = {
  binaries: ["php"],
  debianPackage: "php-cli",
  run: [...PHP_COMMAND, "{file}"],
  waiter: phpWaiter(PHP_COMMAND),
  memoryEndings: [{ pattern: /Out of memory/, endings: [255] }], // "Allowed memory size" is the program's own limit.
  programs: PHP_TEST_PROGRAMS,
};

const lua: LanguageRow = {
  binaries: ["lua5.4", "lua"],
  debianPackage: "lua5.4",
  run: ["{binary}", "-E", "{file}"],
  waiter: LUA_WAITER,
  memoryEndings: [{ pattern: /not enough memory/, endings: [1] }],
  programs: {
    honest: "print(6 * 7)",
    readFile: (path) => `local file = io.open("${path}"); if file then print(file:read("a")) end`,
    connect: (port) => `os.execute([[${connectByBash(port)}]])`,
    exhaust: `local kept = {}; for n = 1, 64 do kept[n] = ("x"):rep(${MEBIBYTES_16}) .. n end; print(#kept)`,
  },
};

/** Files of R's package. Those that an administrator writes, as Renviron.site, may hold secrets, and are not copied. */
const R_FILES = ["ldpaths", "Makeconf", "Renviron", "repositories"].map((name) => `/etc/R/${name}`);

/** R's command line, which reads nothing of a home. The profile of the site makes R wait. */
const R_COMMAND = ["{binary}", "--no-environ", "--no-init-file", "{file}"];

const r: LanguageRow = {
  binaries: ["Rscript"],
  ownVariableNames: ["EDITOR", "LD_LIBRARY_PATH", "LN_S", "MAKE", "PAGER", "SED", "TAR"],
  debianPackage: "r-base-core",
  costs: { memoryOverheadMB: 60 },
  run: R_COMMAND,
  waiter: rWaiter(R_COMMAND),
  startsSlowly: true,
  etcPaths: R_FILES,
  memoryEndings: [{ pattern: /cannot allocate (?:vector|memory)|memory exhausted/, endings: [1] }],
  programs: {
    honest: "cat(6 * 7, fill = TRUE)",
    // R's own strings hold no NUL, which separates variables in /proc/self/environ.
    readFile: (path) => `invisible(system("cat '${path}' 2>/dev/null"))`,
    connect: (port) => `try(socketConnection("127.0.0.1", ${port}, timeout = 1), silent = TRUE)`,
    exhaust: `kept <- lapply(1:64, function(n) as.raw(rep(n, ${MEBIBYTES_16}))); cat(length(kept))`,
  },
};

/** Languages whose programs run as they are written, by their names. */
export const INTERPRETED: Readonly<Record<string, LanguageRow>> = { python, bash, sh, perl, ruby, php, lua, r };

/** A line for `sh` that connects, for a language that cannot. */
function connectByBash(port: number): string {
  return `bash -c '(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null'; exit 0`;
}
