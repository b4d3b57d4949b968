/** Where the local Go image keeps the standard library, compiled; the official image has no such directory. */
const PREBUILT = "/usr/local/lib/codebeaker/go-cache";

/** What is compiled ahead: what programs commonly import, and whatever that imports. */
const PREBUILT_PACKAGES = [
  ...["bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "context", "crypto/md5"],
  ...["crypto/rand", "crypto/sha1", "crypto/sha256", "embed", "encoding/base64", "encoding/binary", "encoding/csv"],
  ...["encoding/hex", "encoding/json", "encoding/xml", "errors", "flag", "fmt", "hash/crc32", "hash/fnv", "html"],
  ...["html/template", "io", "io/fs", "iter", "log", "log/slog", "maps", "math", "math/big", "math/bits", "math/cmplx"],
  ...["math/rand", "math/rand/v2", "net", "net/http", "net/url", "os", "os/exec", "os/signal", "path", "path/filepath"],
  ...["reflect", "regexp", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync", "sync/atomic"],
  ...["syscall", "testing", "text/tabwriter", "text/template", "time", "unicode", "unicode/utf8", "unsafe"],
];

/** They are part of what Go knows a compiled package by, so they are the same ahead and later. */
const COMMON_VARIABLES = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" };

/**
 * Go wants to write to its cache, so the compiled packages of the image come into one as symlinks, once per container. Without
 * the time of a last clean-up it would begin with one, and drop what is older than five days.
 *
 * In a module the package of the file is built, and otherwise the file alone, as `go run` does. Debug information would
 * double the memory that linking takes; stack traces do without. Each unit of GOMAXPROCS is a compiler of its own with
 * its threads, and Go counts the cores of the whole machine.
 */
const COMPILE = `
if [ -d ${PREBUILT} ] && [ ! -e "$GOCACHE" ]; then
  cp -rs ${PREBUILT} "$GOCACHE" && date +%s >"$GOCACHE/trim.txt"
fi
target=./$1
[ -e go.mod ] && target=./$(dirname -- "$1")
export GOMAXPROCS=2
exec go build -ldflags=-s -o "$2" "$target"
`;

/** How Go compiles, and with which variables. */
export interface GoBuild {
  readonly compile: readonly string[];
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Compiles in a directory in which executables are allowed. */
export function goBuild(directory: string): GoBuild {
  const binary = "{output}/main";
  return {
    compile: ["sh", "-c", COMPILE, "compile", "{file}", binary],
    run: [binary],
    env: { ...COMMON_VARIABLES, GOCACHE: `${directory}/go-cache`, GOTMPDIR: directory },
  };
}

/** The shell script that compiles the standard library into an image. */
export function prebuildScript(): string {
  const variables = Object.entries({ ...COMMON_VARIABLES, GOCACHE: PREBUILT, HOME: "/tmp" });
  return [
    `export ${variables.map(([name, value]) => `${name}=${value}`).join(" ")}`,
    `go build ${PREBUILT_PACKAGES.join(" ")}`,
    `rm ${PREBUILT}/trim.txt`,
    `chmod -R a+rX ${PREBUILT}`,
  ].join("\n");
}
