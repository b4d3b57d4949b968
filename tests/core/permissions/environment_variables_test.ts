import { assertEquals } from "@std/assert";
import { environmentNameSchema, environmentSchema } from "../../../src/core/permissions/environment_variables.ts";

Deno.test("environmentNameSchema refuses names that could disarm a sandbox", () => {
  const disarming = [
    "DENO_PERMISSION_BROKER_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "DENO_V8_FLAGS",
    "DENO_AUDIT_PERMISSIONS",
    "DENO_COVERAGE_DIR",
    "SSLKEYLOGFILE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "HTTPS_PROXY",
    "all_proxy",
    "no_proxy",
    "DENO_DIR",
    "PATH",
    "HOME",
    "BASH_ENV",
    "BUN_CONFIG_REGISTRY",
    "NPM_CONFIG_REGISTRY",
    "npm_config_registry",
    "ld_preload",
    "GLIBC_TUNABLES",
    "RUST_LOG",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "XDG_DATA_HOME",
    "__EGL_VENDOR_LIBRARY_FILENAMES",
    "MESA_SHADER_CACHE_DIR",
    "LIBGL_DRIVERS_PATH",
    "SQLITE_TMPDIR",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PERL5OPT",
    "RUBYOPT",
    "RUBYLIB",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "LUA_INIT",
    "LUA_PATH_5_4",
    "R_PROFILE_USER",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CLASSPATH",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "GO111MODULE",
    "CGO_CFLAGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "GCC_EXEC_PREFIX",
    "COMPILER_PATH",
    "LIBRARY_PATH",
    "RUSTC_WRAPPER",
    "CARGO_HOME",
    "TZDIR",
    "BUN_OPTIONS",
    "ENV",
  ];
  for (const name of disarming) assertEquals([name, environmentNameSchema.safeParse(name).success], [name, false]);
});

Deno.test("environmentNameSchema refuses names that are none, and takes ordinary ones", () => {
  for (const name of ["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "А", "x".repeat(129)]) {
    assertEquals([name, environmentNameSchema.safeParse(name).success], [name, false]);
  }
  for (
    const name of [
      "A",
      "_a1",
      "API_KEY",
      "NODE_ENV",
      "DEBUG",
      "proxy_count",
      "GOOGLE_API_KEY",
      "JAVASCRIPT",
      "R",
      "GOAL",
    ]
  ) {
    assertEquals([name, environmentNameSchema.safeParse(name).success], [name, true]);
  }
});

Deno.test("environmentSchema bounds all names and values together", () => {
  const sized = (last: number) => ({ A: "x".repeat(130_000), B: "x".repeat(130_000), C: "x".repeat(last) });
  assertEquals(environmentSchema.safeParse(sized(2_141)).success, true);
  assertEquals(environmentSchema.safeParse(sized(2_142)).success, false);
});

Deno.test("environmentSchema bounds the number of variables", () => {
  const numbered = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, ""]));
  assertEquals(environmentSchema.safeParse(numbered(1_000)).success, true);
  assertEquals(environmentSchema.safeParse(numbered(1_001)).success, false);
});
