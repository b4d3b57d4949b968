import { type Dialect, makeFileLater } from "./dialect.ts";

const PANIC_ON_ERROR = "if err != nil {\npanic(err)\n}";

/** Go. What JSON writes is a string of Go as well. */
export const go: Dialect = {
  hello: writeMain(["fmt"], 'fmt.Println("hello")'),
  echoStdin: writeMain(["io", "os"], "io.Copy(os.Stdout, os.Stdin)"),
  printArgs: writeMain(["fmt", "os", "strings"], 'fmt.Println(strings.Join(os.Args[1:], "|"))'),
  printVariable: (name) => writeMain(["fmt", "os"], `fmt.Println(os.Getenv(${JSON.stringify(name)}))`),
  exitWith: (code) => writeMain(["os"], `os.Exit(${code})`),
  failOnLine3: (message) =>
    `package main\nimport "log"\nfunc main() { log.SetFlags(log.Lshortfile); log.Fatal(${JSON.stringify(message)}) }`,
  spin: writeMain([], "for {\n}"),
  sleep: writeMain(["fmt", "time"], 'fmt.Println("ready")\ntime.Sleep(time.Hour)'),
  ignoreSigterm: writeMain(
    ["fmt", "os/signal", "syscall", "time"],
    'signal.Ignore(syscall.SIGTERM)\nfmt.Println("ready")\ntime.Sleep(time.Hour)',
  ),
  floodStdout: writeMain(["bytes", "os"], 'line := bytes.Repeat([]byte("x"), 65536)\nfor {\nos.Stdout.Write(line)\n}'),
  writeSingleBytes: (count) =>
    writeMain(["os"], `for i := 0; i < ${count}; i++ {\nos.Stdout.Write([]byte{byte(97 + i%26)})\n}`),
  halfCharacter: writeMain(["os", "time"], 'os.Stdout.Write([]byte("ok\\xe2\\x82"))\ntime.Sleep(time.Hour)'),
  allocateForEver: writeMain(
    ["bytes"],
    "kept := [][]byte{}\nfor {\nkept = append(kept, bytes.Repeat([]byte{1}, 1000000))\n}",
  ),
  writeFile: (path, text) =>
    writeMain(["os"], `os.WriteFile(${JSON.stringify(path)}, []byte(${JSON.stringify(text)}), 0o600)`),
  printFile: (path) =>
    writeMain(["os"], `bytes, err := os.ReadFile(${JSON.stringify(path)})\n${PANIC_ON_ERROR}\nos.Stdout.Write(bytes)`),
  writeHugeFile: (path) =>
    writeMain(
      ["os"],
      `file, err := os.Create(${
        JSON.stringify(path)
      })\nfor err == nil {\n_, err = file.Write(make([]byte, 1000000))\n}\npanic(err)`,
    ),
  printIsMain: writeMain(["fmt"], 'fmt.Println("main")'),
  connect: (port) =>
    writeMain(
      ["fmt", "net"],
      `_, err := net.Dial("tcp", "127.0.0.1:${port}")\n${PANIC_ON_ERROR}\nfmt.Println("connected")`,
    ),
  processes: {
    killSelf: writeMain(["syscall", "time"], "syscall.Kill(syscall.Getpid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)"),
    leaveChild: (path, output) =>
      writeMain(
        ["os", "os/exec", "syscall"],
        [
          `child := exec.Command("sh", "-c", ${JSON.stringify(makeFileLater(path))})`,
          "child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}",
          ...(output === "inherited" ? ["child.Stdout, child.Stderr = os.Stdout, os.Stderr"] : []),
          "if child.Start() != nil {\nos.Exit(1)\n}",
        ].join("\n"),
      ),
  },
};

function writeMain(imports: readonly string[], body: string): string {
  return ["package main", ...imports.map((name) => `import ${JSON.stringify(name)}`), "func main() {", body, "}", ""]
    .join(
      "\n",
    );
}
