import { z } from "zod";

/** Names that every shell and runtime accepts. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * Variables that an interpreter or a compiler reads before a program begins. They choose the code to load, its place,
 * and the tool that compiles it.
 */
const INTERPRETERS_AND_COMPILERS = [
  /^(PYTHON|PERL5|PERLLIB$|PERLIO|PERL_|RUBY|LUA_|PHPRC$|PHP_INI_SCAN_DIR$)/i,
  /^R_(ARCH|DEFAULT_PACKAGES|ENVIRON|HOME|LIBS|MAKEVARS|PROFILE)/i,
  /^(_?JAVA_|JDK_|CLASSPATH$)/i,
  /^(CGO_|GO(111MODULE|ARCH|AUTH|BIN|CACHE|CACHEPROG|COVERDIR|DEBUG|ENV|EXPERIMENT|FLAGS|FIPS140|GC|INSECURE)$)/i,
  /^GO(MAXPROCS|MEMLIMIT|MODCACHE|NOPROXY|NOSUMDB|OS|PACKAGESDRIVER|PATH|PRIVATE|PROXY|ROOT|SUMDB)$/i,
  /^GO(TELEMETRY|TELEMETRYDIR|TMPDIR|TOOLCHAIN|TOOLDIR|TRACEBACK|VCS|WORK)$/i,
  /^(CARGO_|GCC_|CPATH$|COMPILER_PATH$|LIBRARY_PATH$|DEPENDENCIES_OUTPUT$|SUNPRO_DEPENDENCIES$)/i,
  /^((C|CPLUS|OBJC)_INCLUDE_PATH|TZDIR|FPATH|CDPATH|PS4|PROMPT_COMMAND)$/i,
];

/**
 * Variables that configure a runtime, its loader, its libraries or its trust. They could disarm a sandbox. Among them are
 * permission brokers, preloads, V8 flags, graphics drivers and their caches, proxies, key logs, certificate stores.
 */
const DISARMING = [
  /^(DENO|BUN|NPM|V8|LD|DYLD|OTEL|RUST|RUSTC|RUSTDOC|MALLOC|GLIBC|GCONV|CODEBEAKER)_/i,
  /^NODE_(?!ENV$)/i,
  /^(VK|XDG|EGL|LIBGL|MESA|GBM|GALLIUM|DRI|LP|LVP|WGPU)_/i,
  /^_*(GL|EGL)/i,
  /^(BASH_ENV|ENV|SHELLOPTS|BASHOPTS|IFS|PATH|HOME|TMPDIR|TMP|TEMP|SQLITE_TMPDIR|LOCPATH|NLSPATH|HOSTALIASES)$/i,
  /^(SSLKEYLOGFILE|SSL_CERT_FILE|SSL_CERT_DIR|OPENSSL_CONF|OPENSSL_MODULES)$/i,
  /_PROXY$/i,
  ...INTERPRETERS_AND_COMPILERS,
];

/** Linux allows 131,072 bytes for one `NAME=value` with its NUL (MAX_ARG_STRLEN of execve(2)). */
const MAX_VALUE_BYTES = 130_000;

/** Most variables. A launcher takes each as an option, and reads some 9,000 words (bubblewrap's MAX_ARGS). */
const MAX_VARIABLES = 1_000;

/** Most characters of all names and values. The kernel allows some 2 MB for argv and environment. */
const MAX_TOTAL_LENGTH = 262_144;

/** The schema of a variable's name that cannot disarm a sandbox. */
export const environmentNameSchema = z.string()
  .refine((name) => NAME.test(name), "A variable's name is letters, digits and underscores and begins with no digit")
  .refine(
    (name) => !DISARMING.some((pattern) => pattern.test(name)),
    "This variable's name is reserved: it could disarm a sandbox",
  );

/** The wire form of `env`. */
export const environmentSchema = z.record(
  environmentNameSchema,
  z.string()
    .refine((value) => !value.includes("\0"), "A value holds no NUL")
    .refine((value) => value.isWellFormed(), "A value is well-formed Unicode")
    .refine(
      (value) => new TextEncoder().encode(value).length <= MAX_VALUE_BYTES,
      `A value is at most ${MAX_VALUE_BYTES} bytes long`,
    ),
)
  .refine(
    (variables) => Object.keys(variables).length <= MAX_VARIABLES,
    `There are at most ${MAX_VARIABLES} variables`,
  )
  .refine(
    (variables) =>
      Object.entries(variables).reduce((sum, [name, value]) => sum + name.length + value.length, 0) <= MAX_TOTAL_LENGTH,
    `All names and values together are at most ${MAX_TOTAL_LENGTH} characters long`,
  );
