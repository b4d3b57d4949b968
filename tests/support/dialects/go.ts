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
  printIsMain: writeMain(["fmt"], 'fmt.Println("main")'),
  connect: (port) =>
    writeMain(
      ["fmt", "net"],
      `_, err := net.Dial("tcp", "127.0.0.1:${port}")\n${PANIC_ON_ERROR}\nfmt.Println("connected")`,
    ),
  reach: (hosts) =>
    writeMain(
      ["fmt", "net"],
      [
        `for _, host := range []string{${hosts.map((host) => JSON.stringify(host)).join(", ")}} {`,
        'net.Dial("tcp", host+":443")',
        "}",
        'fmt.Println("caught")',
      ].join("\n"),
    ),
  limits: {
    takeHeap: (megabytes) =>
      takeAll(["bytes"], {
        count: megabytes,
        kind: "[]byte",
        take: "next, err := bytes.Repeat([]byte{1}, 1048576), error(nil)",
      }),
    takeBesideHeap: (megabytes) =>
      takeAll(["syscall"], {
        count: megabytes,
        kind: "[]byte",
        take: [
          "next, err := syscall.Mmap(-1, 0, 1048576, syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)",
          "for i := 0; i < len(next); i += 4096 {\nnext[i] = 1\n}",
        ].join("\n"),
      }),
    spinInThreads: writeMain(
      ["fmt"],
      'fmt.Println("before")\nfor i := 0; i < 2; i++ {\ngo func() {\nfor {\n}\n}()\n}\nselect {}',
    ),
    openFiles: (count) => takeAll(["os"], { count, kind: "*os.File", take: 'next, err := os.Open("/dev/null")' }),
    writeFiles: ({ place, count, bytes }) =>
      writeMain(
        ["bytes", "fmt", "os"],
        [
          'fmt.Println("before")',
          `directory := ${place === "workspace" ? '"."' : 'os.Getenv("TMPDIR")'}`,
          `for i := 0; i < ${count}; i++ {`,
          `if os.WriteFile(fmt.Sprint(directory, "/many-", i), bytes.Repeat([]byte{1}, ${bytes}), 0o600) != nil {\nos.Exit(0)\n}`,
          "}",
          'fmt.Println("done")',
        ].join("\n"),
      ),
    makeSparseFile: (megabytes) =>
      writeMain(
        ["fmt", "os"],
        `fmt.Println("before")\nos.WriteFile("sparse", []byte("x"), 0o600)\nif os.Truncate("sparse", ${megabytes}<<20) == nil {\nfmt.Println("done")\n}`,
      ),
    floodStderr: writeMain(
      ["bytes", "os"],
      'line := bytes.Repeat([]byte("x"), 65536)\nfor {\nos.Stderr.Write(line)\n}',
    ),
  },
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
    startChildren: (count, script) =>
      takeAll(["os/exec"], {
        count,
        kind: "*exec.Cmd",
        take: `next := exec.Command("sh", "-c", ${JSON.stringify(script)})\nerr := next.Start()`,
        hold: "for _, child := range kept {\nchild.Wait()\n}",
      }),
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(
  imports: readonly string[],
  { count, kind, take, hold = "time.Sleep(300 * time.Millisecond)" }: {
    readonly count: number;
    readonly kind: string;
    readonly take: string;
    readonly hold?: string;
  },
): string {
  return writeMain(
    ["fmt", "runtime", "time", ...imports],
    [
      `fmt.Println("before")\nkept := []${kind}{}\nfor len(kept) < ${count} {`,
      take,
      "if err != nil {\ntime.Sleep(time.Hour)\n}",
      "kept = append(kept, next)\n}",
      `fmt.Println("done")\n${hold}\nruntime.KeepAlive(kept)`,
    ].join("\n"),
  );
}

function writeMain(imports: readonly string[], body: string): string {
  return ["package main", ...imports.map((name) => `import ${JSON.stringify(name)}`), "func main() {", body, "}", ""]
    .join(
      "\n",
    );
}
