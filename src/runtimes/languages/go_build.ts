/** The packages that are compiled ahead: commonly imported ones, with their imports. */
export const GO_PACKAGES: readonly string[] = [
  ...["bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "context", "crypto/md5"],
  ...["crypto/rand", "crypto/sha1", "crypto/sha256", "embed", "encoding/base64", "encoding/binary", "encoding/csv"],
  ...["encoding/hex", "encoding/json", "encoding/xml", "errors", "flag", "fmt", "hash/crc32", "hash/fnv", "html"],
  ...["html/template", "io", "io/fs", "iter", "log", "log/slog", "maps", "math", "math/big", "math/bits", "math/cmplx"],
  ...["math/rand", "math/rand/v2", "net", "net/http", "net/url", "os", "os/exec", "os/signal", "path", "path/filepath"],
  ...["reflect", "regexp", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync", "sync/atomic"],
  ...["syscall", "testing", "text/tabwriter", "text/template", "time", "unicode", "unicode/utf8", "unsafe"],
];

/** The variables of every build. Go looks compiled packages up by them, so prebuilt packages have the same. */
const COMMON_VARIABLES = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" };

/** The Go of a build, and its directories. */
export interface GoPlaces {
  /** Go's command: its path, or its name on the search path. */
  readonly command: string;
  /** A directory that allows executables, for Go's cache and its temporary files. */
  readonly directory: string;
  /** The directory of the prebuilt packages; it may be absent. */
  readonly prebuilt: string;
  /** Whether later programs build with the same cache. */
  readonly keepsCache: boolean;
}

/**
 * The script that compiles a program. Go writes to its cache, so each cache gets symlinks to the prebuilt packages. A
 * cache that is kept gets one to each file. Another cache gets one to each directory: that takes a tenth of the time,
 * and nothing is added to the directories. `trim.txt` says that Go has just cleaned the cache: cleaning would drop
 * packages older than five days. Where no symlinks can be made, the prebuilt packages are the cache: Go does without
 * writing, but fails, with the program built, as it cannot clean.
 *
 * In a module the script builds the package of the file, otherwise the file with the sources beside it, as `go run`
 * does. Debug information would double the linker's memory, and stack traces do not need it. Go would run one compiler
 * for each core of the machine; GOMAXPROCS bounds that. Without a home Go counts its own uses nowhere: else it would in
 * the workspace.
 */
function compileScript({ keepsCache, prebuilt }: GoPlaces): string {
  const link = keepsCache ? `cp -rs ${prebuilt} "$GOCACHE"` : `mkdir "$GOCACHE" && ln -s ${prebuilt}/?? "$GOCACHE"`;
  return `
file=$1 binary=$2 go=$3 said= count=$(($# - 3))
shift 3
if [ -d ${prebuilt} ] && [ ! -e "$GOCACHE" ]; then
  { ${link} && date +%s >"$GOCACHE/trim.txt"; } 2>/dev/null || { GOCACHE=${prebuilt} said=$GOTMPDIR/said; }
fi
case $file in
/*) target=$file ;;
*) target=./$file ;;
esac
while [ "$count" -gt 0 ]; do
  word=$1 count=$((count - 1))
  shift
  case $word in
  *_test.go) ;;
  *.go) [ -e go.mod ] || [ "$(dirname -- "$word")" != "$(dirname -- "$file")" ] || set -- "$@" "$word" ;;
  *) set -- "$@" "$word" ;;
  esac
done
[ -e go.mod ] && target=$(dirname -- "$target")
export GOMAXPROCS=2 GOPATH="\${GOPATH:-$HOME/go}"
unset HOME
[ "$said" ] || exec "$go" build -ldflags=-s -o "$binary" "$@" "$target"
"$go" build -ldflags=-s -o "$binary" "$@" "$target" 2>"$said"
status=$?
words=$(sed '/^go: failed to trim cache/d' "$said")
[ "$words" ] || [ ! -e "$binary" ] || exit 0
printf '%s\n' "$words" >&2
exit "$status"
`;
}

/** How Go compiles and runs a program. */
export interface GoBuild {
  readonly compile: readonly string[];
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The command lines of a build in these places. */
export function goBuild(places: GoPlaces): GoBuild {
  const { command, directory } = places;
  const binary = "{output}/main";
  return {
    compile: ["sh", "-c", compileScript(places), "compile", "{file}", binary, command, "{compileArgs}", "{sources}"],
    run: [binary],
    env: { ...COMMON_VARIABLES, GOCACHE: `${directory}/go-cache`, GOTMPDIR: directory },
  };
}

/** The packages to compile ahead, and the directory for them. */
export interface GoPrebuild extends Pick<GoPlaces, "command"> {
  readonly prebuilt: string;
  readonly packages: readonly string[];
  /** The home directory that Go sees. */
  readonly home: string;
}

/**
 * The shell script that compiles packages ahead. It is part of the hash of an image. Listing adds an index of every
 * package: Go takes a package for missing where it can neither read its index nor write one.
 */
export function prebuildScript({ command, home, packages, prebuilt }: GoPrebuild): string {
  const variables = Object.entries({ ...COMMON_VARIABLES, GOCACHE: prebuilt, HOME: home });
  return [
    `export ${variables.map(([name, value]) => `${name}=${value}`).join(" ")}`,
    `${command} build ${packages.join(" ")}`,
    `${command} list std >/dev/null`,
    `rm ${prebuilt}/trim.txt`,
    `chmod -R a+rX ${prebuilt}`,
  ].join("\n");
}
