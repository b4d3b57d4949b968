import { type Dialect, makeFileLater } from "./dialect.ts";

/** Python 3. What JSON writes is a string of Python as well, as no text here leaves the basic plane. */
export const python: Dialect = {
  hello: 'print("hello")',
  cells: { declare: "x = 40\ndef add(n):\n  return x + n", use: "add(2)" },
  echoStdin: "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
  printArgs: 'import sys\nprint("|".join(sys.argv[1:]))',
  printVariable: (name) => `import os\nprint(os.environ.get(${JSON.stringify(name)}))`,
  exitWith: (code) => `raise SystemExit(${code})`,
  failOnLine3: (message) => `# one\n# two\nraise RuntimeError(${JSON.stringify(message)})`,
  spin: "while True:\n    pass",
  sleep: 'import os, time\nos.write(1, b"ready\\n")\ntime.sleep(1000)',
  ignoreSigterm: [
    "import signal, time",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    'print("ready", flush=True)',
    "time.sleep(1000)",
  ].join("\n"),
  floodStdout: 'import os\nwhile True:\n    os.write(1, b"x" * 65536)',
  writeSingleBytes: (count) => `import os\nfor i in range(${count}):\n    os.write(1, bytes([97 + i % 26]))`,
  halfCharacter: 'import os, time\nos.write(1, b"ok\\xe2\\x82")\ntime.sleep(1000)',
  allocateForEver: 'kept = []\nwhile True:\n    kept.append(b"\\1" * 1000000)',
  writeFile: (path, text) =>
    `with open(${JSON.stringify(path)}, "w") as file:\n    file.write(${JSON.stringify(text)})`,
  printFile: (path) => `import sys\nsys.stdout.buffer.write(open(${JSON.stringify(path)}, "rb").read())`,
  printIsMain: 'print("main" if __name__ == "__main__" else "not main")',
  connect: (port) => `import socket\nsocket.create_connection(("127.0.0.1", ${port}))\nprint("connected")`,
  reach: (hosts) =>
    [
      "import socket",
      `for host in ${JSON.stringify(hosts)}:`,
      "    try: socket.create_connection((host, 443))",
      "    except OSError: pass",
      'print("caught")',
    ].join("\n"),
  limits: {
    takeHeap: (megabytes) => takeAll(`while len(kept) < ${megabytes}: kept.append([{} for _ in range(16384)])`),
    takeBesideHeap: (megabytes) =>
      takeAll(`while len(kept) < ${megabytes}: kept.append(mmap.mmap(-1, 1048576)); kept[-1].write(b"1" * 1048576)`),
    spinInThreads: [
      "import threading",
      'print("before", flush=True)',
      "def spin():",
      "    while True: pass",
      "for _ in range(2): threading.Thread(target=spin).start()",
    ].join("\n"),
    openFiles: (count) => takeAll(`while len(kept) < ${count}: kept.append(os.open("/dev/null", os.O_RDONLY))`),
    writeFiles: ({ place, count, bytes }) =>
      [
        "import os, sys",
        'print("before", flush=True)',
        `directory = ${place === "workspace" ? '"."' : 'os.environ["TMPDIR"]'}`,
        "try:",
        `    for index in range(${count}):`,
        `        with open(f"{directory}/many-{index}", "wb") as file: file.write(b"1" * ${bytes})`,
        '    print("done", flush=True)',
        "except OSError: sys.exit(0)",
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      `print("before")\nopen("sparse", "wb").write(b"x")\nopen("sparse", "r+b").truncate(${megabytes} * 1048576)\nprint("done")`,
    floodStderr: 'import os\nwhile True:\n    os.write(2, b"x" * 65536)',
  },
  processes: {
    killSelf: "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    leaveChild: (path, output) => {
      const stream = output === "inherited" ? "None" : "subprocess.DEVNULL";
      return [
        "import subprocess",
        `child = ["sh", "-c", ${JSON.stringify(makeFileLater(path))}]`,
        `subprocess.Popen(child, start_new_session=True, stdout=${stream}, stderr=${stream})`,
      ].join("\n");
    },
    startChildren: (count, script) =>
      takeAll(
        `for _ in range(${count}): kept.append(subprocess.Popen(["sh", "-c", ${
          JSON.stringify(script)
        }], stdout=subprocess.DEVNULL))`,
        "for child in kept: child.wait()",
      ),
  },
};

const { spinInThreads: _threads, ...limits } = python.limits;
const { processes: _processes, ...alone } = python;

/** Python where programs start no threads and no others, and `/dev` is the interpreter's own. */
export const pythonAlone: Dialect = {
  ...alone,
  limits: {
    ...limits,
    openFiles: (count) => takeAll(`while len(kept) < ${count}: kept.append(os.open(__file__, os.O_RDONLY))`),
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(take: string, hold = "time.sleep(0.3)"): string {
  return [
    "import mmap, os, subprocess, time",
    'print("before", flush=True)',
    "kept = []",
    "try:",
    `    ${take}`,
    "except Exception: time.sleep(1000)",
    'print("done", flush=True)',
    hold,
    "os._exit(0)",
  ].join("\n");
}
