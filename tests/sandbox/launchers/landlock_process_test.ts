import { assert, assertEquals } from "@std/assert";
import { landlockOptions } from "../../../src/sandbox/launchers/landlock.ts";
import { type ConfinedBench, openConfinedBench } from "../../support/confined.ts";
import { layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";

const rulesOf = (options: readonly string[]) => options.filter((option) => option.startsWith("path-beneath:"));

Deno.test("landlockOptions() gives each path exactly its rights, a file fewer than a directory", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/file`;
  await Deno.writeTextFile(file, "");
  const base = rulesOf(landlockOptions({ mounts: [], hasNetwork: false, startsOthers: false }));
  const ruleFor = (source: string, access: "read" | "execute" | "write") =>
    rulesOf(
      landlockOptions({ mounts: [{ source, target: "/elsewhere", access }], hasNetwork: false, startsOthers: false }),
    )
      .slice(base.length);
  const table = [
    [directory, "read", "read-file,read-dir"],
    [directory, "execute", "execute,read-file,read-dir"],
    [
      directory,
      "write",
      "read-file,read-dir,write-file,make-reg,make-dir,make-sym,make-fifo,remove-file,remove-dir,truncate,refer",
    ],
    [file, "read", "read-file"],
    [file, "execute", "execute,read-file"],
    [file, "write", "read-file,write-file,truncate"],
  ] as const;
  for (const [source, access, rights] of table) {
    assertEquals(ruleFor(source, access), [`path-beneath:${rights}:${source}`]);
  }
  assertEquals(ruleFor(`${directory}/none`, "read"), []);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("landlockOptions() names what a program takes to start, and what the network takes only with it", () => {
  const options = landlockOptions({ mounts: [], hasNetwork: false, startsOthers: false });
  assertEquals(options.slice(0, 2), ["--landlock-access", "fs"]);
  assertEquals(
    options.slice(2).filter((_, index) => index % 2 === 0).every((option) => option === "--landlock-rule"),
    true,
  );
  const paths = rulesOf(options).map((rule) => rule.split(":").at(-1) ?? "");
  assertEquals(
    paths.filter((path) => !path.startsWith("/usr/lib") && !["/etc/ld.so.cache", "/usr/bin"].includes(path)),
    ["/proc/self/maps"],
  );
  assert(options.includes("path-beneath:read-file,read-dir:/usr/bin"), `${options}`);
  const more = rulesOf(landlockOptions({ mounts: [], hasNetwork: true, startsOthers: false })).slice(paths.length);
  assert(more.includes("path-beneath:read-file:/etc/hosts"), `${more}`);
  assert(more.every((rule) => /^path-beneath:read-file(,read-dir)?:\/(etc|usr\/share)\//.test(rule)), `${more}`);
});

Deno.test("landlockOptions() of a program that starts others name /usr, and nothing that another process has", () => {
  const etcPaths = ["/etc/hostname", "/etc/no-such-thing"];
  const rules = rulesOf(landlockOptions({ mounts: [], hasNetwork: false, startsOthers: true, etcPaths }));
  assert(rules.includes("path-beneath:execute,read-file,read-dir:/usr"), `${rules}`);
  assert(rules.includes("path-beneath:read-file:/etc/hostname"), `${rules}`);
  assertEquals(rules.filter((rule) => /write|make|remove/.test(rule)), [
    "path-beneath:read-file,write-file,truncate:/dev/null",
  ]);
  const ofProcesses = rules.filter((rule) => rule.includes(":/proc"));
  assert(
    ofProcesses.every((rule) => /^path-beneath:read-file:\/proc\/(self\/maps|\w+info)$/.test(rule)),
    `${ofProcesses}`,
  );
});

const bench = await openConfinedBench("namespaces");
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
if (isPresent("landlock", layerAvailability(bench.confinement, "landlock"))) testInside(bench);

function testInside(bench: ConfinedBench): void {
  Deno.test("Landlock: a program reads and lists nothing that is not named", async () => {
    const { stdout, status } = await bench.sh(
      "for place in /etc/passwd /etc/hostname /etc/hosts; do cat $place && echo $place; done; for place in / /etc /tmp /var /home; do ls $place && echo $place; done; echo end",
    );
    assertEquals([stdout, status.success], ["end\n", true]);
  });

  Deno.test("Landlock: a program writes, makes, moves and removes in its directory, and nowhere else", async () => {
    const outside = await Deno.makeTempDir();
    await Deno.chmod(outside, 0o777);
    await Deno.writeTextFile(`${outside}/there`, "there");
    await Deno.chmod(`${outside}/there`, 0o666);
    const inside = await bench.sh(
      "echo a >file && mkdir -p d/e && mv file d/e/moved && cat d/e/moved && : >d/e/moved && rm -r d && echo done",
    );
    assertEquals(inside.stdout, "a\ndone\n");
    const attempts = [
      ": >new",
      "mkdir directory",
      "rm there",
      "mv there elsewhere",
      "echo x >there",
      "cat there",
      "ln there hard",
    ];
    for (const attempt of attempts) {
      const { status } = await bench.sh(`cd ${outside} || exit 1; ${attempt}`);
      const byPath = await bench.sh(attempt.replaceAll(/\b(new|directory|there|elsewhere|hard)\b/g, `${outside}/$1`));
      assertEquals([attempt, status.success, byPath.status.success], [attempt, false, false]);
    }
    assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["there"]);
    assertEquals(await Deno.readTextFile(`${outside}/there`), "there");
    await Deno.remove(outside, { recursive: true });
  });

  Deno.test("Landlock: a program makes symlinks and pipes in its directory, and no device or socket", async () => {
    const { stdout } = await bench.sh(
      'echo there >file; ln -s file link && cat link; mkfifo pipe && { echo through >pipe & cat pipe; }; mknod device c 1 3 && echo device; perl -e \'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) && bind($s, sockaddr_un("socket")) && print "socket\\n"\'; ls -A; rm link pipe file',
    );
    assertEquals(stdout, "there\nthrough\nfile\nlink\npipe\n");
  });

  Deno.test("Landlock: a symlink that a program makes leads it nowhere outside, nor up from there", async () => {
    const { stdout } = await bench.sh(
      "ln -s /etc/passwd file; ln -s / root; ln -s .. up; cat file; ls root/etc up; : >up/new; cat root/etc/hostname; rm file root up",
    );
    assertEquals(stdout, "");
  });

  Deno.test("Landlock: a symlink that the service left in its directory leads a program nowhere", async () => {
    await Deno.symlink("/etc/passwd", `${bench.workspace.source}/planted`);
    assertEquals((await bench.sh("cat planted; cat ./planted/")).stdout, "");
    await Deno.remove(`${bench.workspace.source}/planted`);
  });

  Deno.test("Landlock: a path that is granted to be read is read, and not written", async () => {
    const granted = await Deno.makeTempDir();
    await Deno.chmod(granted, 0o777);
    await Deno.writeTextFile(`${granted}/file`, "granted");
    await Deno.chmod(`${granted}/file`, 0o666);
    const mounts = [{ source: granted, target: granted, access: "read" }] as const;
    const { stdout } = await bench.sh(
      `cat ${granted}/file; echo x >${granted}/file; echo >${granted}/new; ${granted}/file`,
      {
        mounts,
      },
    );
    assertEquals([stdout, [...Deno.readDirSync(granted)].length], ["granted", 1]);
    await Deno.remove(granted, { recursive: true });
  });

  Deno.test("Landlock: what a program starts is held to the same", async () => {
    assertEquals((await bench.sh("sh -c 'setsid sh -c \"cat /etc/passwd\"'; (cat /etc/passwd) & wait")).stdout, "");
  });
}
