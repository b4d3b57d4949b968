/** The command lines of compiler and linker, as Clang's own driver makes them. */

const INCLUDES = ["/usr/include", "/usr/include/wasm32-wasip1"].flatMap((path) => ["-internal-isystem", path]);
/** What setjmp takes of WebAssembly beside what every module may have. */
const FEATURES = ["exception-handling", "multivalue", "reference-types"];
/** Parts of the library that programs have to ask for. They are what a program on Linux has without asking. */
const EMULATED = ["SIGNAL", "PROCESS_CLOCKS", "MMAN", "GETPID"];
const LIBRARIES = [
  ...EMULATED.map((name) => `wasi-emulated-${name.toLowerCase().replaceAll("_", "-")}`),
  ...["c-printscan-long-double", "setjmp", "c"],
];
/** The bytes of a program's stack. It lies below the program's data, so that a full stack is a trap. */
const STACK_BYTES = 8 << 20;

/** The compiler's words for a file, with further ones of a client. */
export function compilerWords(file, object, further) {
  return [
    ...["clang", "-cc1", "-triple", "wasm32-unknown-wasip1", "-emit-obj", "-x", "c", "-std=gnu17", "-O2"],
    ...["-main-file-name", file.slice(file.lastIndexOf("/") + 1), "-resource-dir", "/usr", "-isysroot", "/usr"],
    ...INCLUDES,
    ...EMULATED.map((name) => `-D_WASI_EMULATED_${name}`),
    ...["-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false", "-exception-model=wasm"],
    ...FEATURES.flatMap((name) => ["-target-feature", `+${name}`]),
    ...["-mrelocation-model", "static", "-mframe-pointer=none", "-target-cpu", "generic", "-fvisibility=hidden"],
    ...["-ffp-contract=on", "-fno-rounding-math", "-mconstructor-aliases", "-fgnuc-version=4.2.1"],
    ...["-vectorize-loops", "-vectorize-slp", "-disable-free", "-clear-ast-before-backend", "-ferror-limit", "19"],
    ...["-fdebug-compilation-dir=/workspace", ...further, "-o", object, file],
  ];
}

/** The linker's words, with further ones of a client. */
export function linkerWords(objects, made, further) {
  return [
    ...["wasm-ld", "-m", "wasm32", "-L/usr/lib/wasm32-unknown-wasip1", "-L/usr/lib/wasm32-wasip1"],
    ...["-z", `stack-size=${STACK_BYTES}`, "--stack-first", "/usr/lib/wasm32-wasip1/crt1-command.o"],
    ...objects,
    ...further,
    ...LIBRARIES.map((name) => `-l${name}`),
    ...["/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a", "-o", made],
  ];
}
