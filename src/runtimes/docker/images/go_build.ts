/** The compiled standard library in the local Go image; the official image has no such directory. */
const PREBUILT = "/usr/local/lib/codebeaker/go-cache";

/** The packages that are compiled into the image: commonly imported ones, with their imports. */
const PREBUILT_PACKAGES = [
  ...["bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "context", "crypto/md5"],
  ...["crypto/rand", "crypto/sha1", "crypto/sha256", "embed", "encoding/base64", "encoding/binary", "encoding/csv"],
  ...["encoding/hex", "encoding/json", "encoding/xml", "errors", "flag", "fmt", "hash/crc32", "hash/fnv", "html"],
  ...["html/template", "io", "io/fs", "iter", "log", "log/slog", "maps", "math", "math/big", "math/bits", "math/cmplx"],
  ...["math/rand", "math/rand/v2", "net", "net/http", "net/url", "os", "os/exec", "os/signal", "path", "path/filepath"],
  ...["reflect", "regexp", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync", "sync/atomic"],
  ...["syscall", "testing", "text/tabwriter", "text/template", "time", "unicode", "unicode/utf8", "unsafe"],
];

/** Go looks compiled packages up by these variables, so the image and programs use the same. */
const COMMON_VARIABLES = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" };

/**
 * Go writes to its cache, so each container gets one with symlinks to the compiled packages of the image. `trim.txt` says
 * that Go has just cleaned the cache, which would drop packages older than five days.
 *
 * In a module it builds the package of the file, otherwise the file alone, as `go run` does. Debug information would
 * double the linker's memory, and stack traces do not need it. Go would run one compiler for each core of the machine;
 * GOMAXPROCS bounds that.
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

/** How Go compiles and runs a program. */
export interface GoBuild {
  readonly compile: readonly string[];
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Builds with a cache in a directory that allows executables. */
export function goBuild(directory: string): GoBuild {
  const binary = "{output}/main";
  return {
    compile: ["sh", "-c", COMPILE, "compile", "{file}", binary],
    run: [binary],
    env: { ...COMMON_VARIABLES, GOCACHE: `${directory}/go-cache`, GOTMPDIR: directory },
  };
}

/** The shell script that compiles the standard library into an image. It is part of the image's hash. */
export function prebuildScript(): string {
  const variables = Object.entries({ ...COMMON_VARIABLES, GOCACHE: PREBUILT, HOME: "/tmp" });
  return [
    `export ${variables.map(([name, value]) => `${name}=${value}`).join(" ")}`,
    `go build ${PREBUILT_PACKAGES.join(" ")}`,
    `rm ${PREBUILT}/trim.txt`,
    `chmod -R a+rX ${PREBUILT}`,
  ].join("\n");
}
