import { GO_PACKAGES, goBuild, prebuildScript } from "../../languages/go_build.ts";
import type { LanguageRow } from "./row.ts";

const { compile, env, run } = goBuild({
  command: "{binary}",
  directory: "{output}",
  prebuilt: "{prebuilt}",
  keepsCache: false,
});

/**
 * Go, with a cache of its standard library that is made once. Without the cache each program takes seconds to build.
 */
export const go: LanguageRow = {
  binaries: ["go"],
  debianPackage: "golang-go",
  costs: { startupTimeMs: 260 },
  compile,
  sources: [".go"],
  run,
  prebuilt: {
    script: (directory, command) =>
      prebuildScript({ command, prebuilt: directory, home: directory, packages: GO_PACKAGES }),
  },
  variables: { ...env, GOENV: "off", GOPROXY: "off" },
  reservedDataBytes: 128 * 1_048_576,
  memoryEndings: [{ pattern: /^fatal error: (?:runtime: )?(?:out of memory|cannot allocate memory)/m, endings: [2] }],
  programs: {
    honest: 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(6 * 7) }',
    readFile: (path) =>
      `package main\n\nimport "os"\n\nfunc main() { text, _ := os.ReadFile(${
        JSON.stringify(path)
      }); os.Stdout.Write(text) }`,
    connect: (port) =>
      [
        "package main",
        'import "syscall"',
        "func main() {",
        "  socket, _ := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)",
        `  syscall.Connect(socket, &syscall.SockaddrInet4{Port: ${port}, Addr: [4]byte{127, 0, 0, 1}})`,
        "}",
      ].join("\n"),
    exhaust: [
      "package main",
      'import "bytes"',
      "func main() {",
      "  kept := [][]byte{}",
      "  for n := 0; n < 64; n++ { kept = append(kept, bytes.Repeat([]byte{1}, 1<<24)) }",
      "  println(len(kept))",
      "}",
    ].join("\n"),
  },
};
