/**
 * Loads the modules that most programs load, and Node's loader of modules. In a process that waits, this takes the
 * program no time.
 */
import "node:assert";
import "node:async_hooks";
import "node:buffer";
import "node:child_process";
import "node:crypto";
import "node:dns";
import "node:events";
import "node:fs";
import "node:fs/promises";
import "node:http";
import "node:https";
import "node:module";
import "node:net";
import "node:os";
import "node:path";
import "node:perf_hooks";
import "node:querystring";
import "node:readline";
import "node:stream";
import "node:stream/promises";
import "node:string_decoder";
import "node:timers/promises";
import "node:tls";
import "node:url";
import "node:util";
import "node:worker_threads";
import "node:zlib";
