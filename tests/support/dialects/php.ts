import type { Dialect } from "./dialect.ts";

/** PHP where programs start no threads and no others. */
export const php: Dialect = {
  hello: '<?php echo "hello\\n";',
  echoStdin: "<?php stream_copy_to_stream(STDIN, STDOUT);",
  printArgs: '<?php echo implode("|", array_slice($argv, 1)), "\\n";',
  printVariable: (name) => `<?php echo getenv(${quote(name)}), "\\n";`,
  exitWith: (code) => `<?php exit(${code});`,
  failOnLine3: (message) =>
    [
      "<?php",
      "set_exception_handler(function ($error) { fwrite(STDERR, $error); exit(1); });",
      `throw new Exception(${quote(message)});`,
    ].join("\n"),
  spin: "<?php while (true);",
  sleep: '<?php echo "ready\\n"; sleep(1000);',
  ignoreSigterm: '<?php echo "ready\\n"; while (true);',
  floodStdout: '<?php $line = str_repeat("x", 65536); while (true) echo $line;',
  writeSingleBytes: (count) => `<?php for ($i = 0; $i < ${count}; $i++) echo chr(97 + $i % 26);`,
  halfCharacter: '<?php echo "ok\\xe2\\x82"; sleep(1000);',
  allocateForEver: '<?php $kept = []; while (true) $kept[] = str_repeat("\\1", 1000000) . count($kept);',
  writeFile: (path, text) => `<?php file_put_contents(${quote(path)}, ${quote(text)});`,
  printFile: (path) => `<?php if (@readfile(${quote(path)}) === false) exit(1);`,
  printIsMain: '<?php echo get_included_files() === [realpath($argv[0])] ? "main" : "not main", "\\n";',
  connect: (port) =>
    `<?php if (!@stream_socket_client("tcp://127.0.0.1:${port}", $code, $why, 1)) exit(1); echo "connected\\n";`,
  reach: (hosts) =>
    `<?php foreach (json_decode(${
      quote(JSON.stringify(hosts))
    }) as $host) @fsockopen($host, 443, $code, $why, 1);\necho "caught\\n";`,
  limits: {
    takeHeap: (megabytes) => takeAll(megabytes, '$next = str_repeat("\\1", 1048576) . count($kept);'),
    openFiles: (count) => takeAll(count, '$next = @fopen(__FILE__, "r");'),
    writeFiles: ({ place, count, bytes }) =>
      [
        '<?php echo "before\\n";',
        `$directory = ${place === "workspace" ? '"."' : 'getenv("TMPDIR")'};`,
        `$text = str_repeat("1", ${bytes});`,
        `for ($i = 0; $i < ${count}; $i++) {`,
        `  if (@file_put_contents("$directory/many-$i", $text) !== ${bytes}) exit(0);`,
        "}",
        'echo "done\\n";',
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      `<?php echo "before\\n"; $file = fopen("sparse", "w"); ftruncate($file, ${megabytes} * 1048576); echo "done\\n";`,
    floodStderr: '<?php $line = str_repeat("x", 65536); while (true) fwrite(STDERR, $line);',
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(count: number, take: string): string {
  return [
    '<?php echo "before\\n";',
    "$kept = [];",
    `while (count($kept) < ${count}) {`,
    `  ${take}`,
    "  if ($next === false) sleep(1000);",
    "  $kept[] = $next;",
    "}",
    'echo "done\\n";',
    "usleep(300000);",
  ].join("\n");
}

/** A string of PHP that stands for exactly this text. */
function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
