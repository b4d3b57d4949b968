import { alike, type Attack, type AttackTable, type Control, everywhere, type Step } from "./attack.ts";

const LINKS = "symlinks that lead out";

/** What a session is asked about a link that leads to the outside directory, and about one that leads to the secret. */
const ABOUT_LINKS: readonly Step[] = [
  { command: { type: "read_file", path: "file" } },
  { command: { type: "read_file", path: "dir/secret.txt" } },
  { command: { type: "list_directory", path: "dir", includeHidden: true } },
  { command: { type: "copy_file", source: "file", destination: "copied" } },
  { command: { type: "copy_file", source: "dir", destination: "copied_dir" } },
  { command: { type: "write_file", path: "dir/{{token}}", content: "x" } },
  { command: { type: "write_file", path: "dir/marker.txt", content: "changed", mode: "Append" } },
  { command: { type: "create_directory", path: "dir/{{token}}" } },
  { command: { type: "diff", originalPath: "file", modifiedContent: "" } },
  {
    command: {
      type: "apply_patch",
      patch: "--- a/dir/marker.txt\n+++ b/dir/marker.txt\n@@ -1 +1 @@\n-unchanged\n+changed\n",
    },
  },
  { command: { type: "move_file", source: "dir/marker.txt", destination: "marker.txt" } },
  { command: { type: "move_file", source: "main.ts", destination: "dir/{{token}}" } },
  { command: { type: "delete_file", path: "dir/marker.txt" } },
  { command: { type: "execute_shell", command: "deno", args: ["run", "dir/secret.ts"] } },
  { command: { type: "execute_shell", command: "deno", args: ["eval", "1"], workingDirectory: "dir" } },
  { download: true },
  { command: { type: "delete_file", path: "dir", recursive: true } },
];

const ARCHIVES: readonly Attack[] = [
  ...alike([
    {
      name: "an archive with a symlink to a file outside",
      mechanism: LINKS,
      steps: [{ unpack: [{ name: "file", type: "symlink", linkname: "{{secret}}" }] }, ...ABOUT_LINKS],
    },
    {
      name: "an archive with a symlink to a directory outside",
      mechanism: LINKS,
      steps: [{ unpack: [{ name: "dir", type: "symlink", linkname: "{{outside}}" }] }, ...ABOUT_LINKS],
    },
    {
      name: "an archive that writes through its own symlink",
      mechanism: LINKS,
      steps: [{
        unpack: [
          { name: "dir", type: "symlink", linkname: "{{outside}}" },
          { name: "dir/{{token}}", text: "x" },
          { name: "dir/marker.txt", text: "changed" },
        ],
      }],
    },
    {
      name: "an archive with a hard link to a file outside",
      mechanism: LINKS,
      steps: [{ unpack: [{ name: "file", type: "link", linkname: "{{secret}}" }] }, ...ABOUT_LINKS],
    },
    {
      name: "an archive whose names climb out",
      mechanism: LINKS,
      steps: [
        { unpack: [{ name: "../{{token}}", text: "x" }] },
        { unpack: [{ name: "{{outside}}/{{token}}", text: "x" }] },
        { unpack: [{ name: "a/../../../{{token}}", text: "x" }] },
      ],
    },
    {
      name: "an archive whose symlinks lead out only together",
      mechanism: LINKS,
      steps: [{
        unpack: [
          { name: "a/b/c/d", type: "directory" },
          { name: "up", type: "symlink", linkname: "a/b/c/d" },
          { name: "dir", type: "symlink", linkname: `up/${"../".repeat(20)}tmp` },
          { name: "file", type: "symlink", linkname: `up/${"../".repeat(20)}{{secret}}` },
        ],
      }, ...ABOUT_LINKS],
    },
  ]),
  {
    name: "an archive that goes through a directory which a program makes a symlink",
    mechanism: LINKS,
    steps: [
      { code: 'try { Deno.symlinkSync("{{outside}}", "dir"); } catch { Deno.mkdirSync("dir"); }' },
      { unpack: [{ name: "dir/{{token}}", text: "x" }, { name: "dir/marker.txt", text: "changed" }] },
    ],
  },
];

const PLANTED: readonly Attack[] = [
  ...everywhere([
    {
      name: "symlinks that a program makes, for the service to follow",
      mechanism: LINKS,
      steps: [
        {
          code: `for (const [to, from] of [["{{secret}}", "file"], ["{{outside}}", "dir"]])
          try { Deno.symlinkSync(to, from); } catch (error) { console.log("refused", error.message); }`,
        },
        ...ABOUT_LINKS,
      ],
    },
    {
      name: "symlinks that node:fs makes, for the program itself to follow",
      mechanism: LINKS,
      code: `import * as fs from "node:fs";
      for (const [to, from] of [["{{secret}}", "file"], ["{{outside}}", "dir"], ["/proc/self/root{{outside}}", "root"]])
        try { fs.symlinkSync(to, from); } catch (error) { console.log("refused", error.message); }
      for (const path of ["file", "dir/secret.txt", "root/secret.txt"]) try { console.log(fs.readFileSync(path, "utf8")); } catch { console.log("refused"); }
      for (const path of ["dir/{{token}}", "dir/marker.txt"]) try { fs.writeFileSync(path, "x"); } catch { console.log("refused"); }
      await import("./dir/secret.ts").then(console.log, () => console.log("refused"));`,
      trips: "secret",
    },
    {
      name: "hard links to what is outside",
      mechanism: LINKS,
      code: `for (const link of [Deno.linkSync, (await import("node:fs")).linkSync])
        try { link("{{secret}}", "file"); console.log(Deno.readTextFileSync("file")); Deno.removeSync("file"); } catch (error) { console.log("refused", error.message); }`,
      steps: [{ command: { type: "read_file", path: "file" } }, { download: true }],
    },
  ]),
  {
    name: "a relative symlink that is moved until it leads out",
    mechanism: LINKS,
    code: `const up = "../".repeat(12);
      try {
        Deno.mkdirSync("1/2/3/4/5/6/7/8/9/10/11/12/13/14", { recursive: true });
        Deno.symlinkSync(up + "x", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/link");
        Deno.renameSync("1/2/3/4/5/6/7/8/9/10/11/12/13/14/link", "link");
      } catch (error) { console.log("refused", error.message); }
      for (const target of [up + "{{secret}}".slice(1), "./../../../.." + "{{secret}}"])
        try { Deno.symlinkSync(target, "a"); console.log(Deno.readTextFileSync("a")); Deno.removeSync("a"); } catch (error) { console.log("refused", error.message); }
      for (const path of ["link", "link{{secret}}"]) try { console.log(Deno.readTextFileSync(path)); } catch { console.log("refused"); }`,
  },
  {
    name: "a directory that is moved under a relative symlink's feet",
    mechanism: LINKS,
    code: `const depth = 14, parts = Array.from({ length: depth }, (_, i) => "d" + i);
      try {
        Deno.mkdirSync(parts.join("/"), { recursive: true });
        Deno.symlinkSync("../".repeat(depth) + "..{{secret}}", parts.join("/") + "/link");
        Deno.renameSync(parts.join("/"), "shallow");
        console.log(Deno.readTextFileSync("shallow/link"));
      } catch (error) { console.log("refused", error.message); }`,
    steps: [{ command: { type: "read_file", path: "shallow/link" } }, { download: true }],
  },
  {
    name: "a swap by renames of the working directory",
    mechanism: LINKS,
    code: `Deno.mkdirSync("a/b", { recursive: true });
      Deno.chdir("a/b");
      for (const to of ["../../../escaped_{{token}}", "/tmp/../{{token}}"]) try { Deno.renameSync("../../a", to); } catch (error) { console.log("refused", error.message); }
      for (const path of ["../../../../../../..{{secret}}", "../../../deno_dir"]) try { console.log(Deno.readTextFileSync(path)); } catch (error) { console.log("refused", error.message); }`,
  },
];

/** What is asked while "dir" is now a directory, now a link to the outside. */
const ABOUT_SWAPPED: readonly Step[] = [
  { command: { type: "read_file", path: "dir/secret.txt" } },
  { command: { type: "write_file", path: "dir/{{token}}", content: "x" } },
  { command: { type: "copy_file", source: "dir", destination: "copied" } },
  { command: { type: "delete_file", path: "dir/marker.txt" } },
  { command: { type: "list_directory", path: "dir" } },
  { download: true },
];

const SWAPS: readonly Attack[] = [
  ...everywhere([{
    name: "a link that JavaScript swaps in while the service reads",
    mechanism: LINKS,
    steps: [{
      during: {
        code: `import * as fs from "node:fs";
          fs.mkdirSync("dir"); fs.writeFileSync("dir/secret.txt", "harmless"); fs.writeFileSync("dir/marker.txt", "harmless");
          try { fs.symlinkSync("{{outside}}", "evil"); } catch { fs.mkdirSync("evil"); }
          for (const end = Date.now() + 700; Date.now() < end;)
            for (const [from, to] of [["dir", "rest"], ["evil", "dir"], ["dir", "evil"], ["rest", "dir"]]) try { fs.renameSync(from, to); } catch { /* Next. */ }`,
      },
      steps: ABOUT_SWAPPED,
    }],
  }]),
  {
    name: "a link that Perl swaps in while the service reads",
    mechanism: LINKS,
    language: "shell",
    steps: [{
      during: {
        shell: [
          "perl",
          "-MTime::HiRes=time",
          "-e",
          'mkdir "dir"; symlink "{{outside}}", "evil"; my $end = time + 0.7; while (time < $end) { rename "dir", "rest"; rename "evil", "dir"; rename "dir", "evil"; rename "rest", "dir"; }',
        ],
      },
      steps: ABOUT_SWAPPED,
    }],
  },
  {
    name: "a link that Python swaps in while the service reads",
    mechanism: LINKS,
    language: "python",
    steps: [{
      during: {
        code: `import os, time
os.mkdir("dir"); open("dir/secret.txt", "w").write("harmless"); os.symlink("{{outside}}", "evil")
end = time.time() + 0.7
while time.time() < end:
    for source, target in (("dir", "rest"), ("evil", "dir"), ("dir", "evil"), ("rest", "dir")):
        try: os.rename(source, target)
        except OSError: pass
`,
      },
      steps: ABOUT_SWAPPED,
    }],
  },
];

const OTHERS: readonly Attack[] = [
  {
    name: "symlinks that a shell makes, for the service to follow",
    mechanism: LINKS,
    language: "shell",
    steps: [
      {
        shell:
          "ln -s {{secret}} file; ln -s {{outside}} dir; ln {{secret}} hard; ln -s / root; cat file dir/secret.txt hard",
      },
      ...ABOUT_LINKS,
      { command: { type: "read_file", path: "root{{secret}}" } },
    ],
  },
  {
    name: "symlinks that a shell makes, for a Deno program to import",
    mechanism: LINKS,
    language: "shell",
    steps: [
      { shell: "ln -s {{outside}} dir; ln -s {{outside}}/secret.ts linked.ts; ln -s /proc/self/environ environ" },
      { files: { "a.ts": 'import "./dir/secret.ts"; import "./linked.ts";' } },
      { command: { type: "execute_shell", command: "deno", args: ["run", "a.ts"] } },
      { command: { type: "execute_shell", command: "deno", args: ["run", "linked.ts"] } },
      { command: { type: "read_file", path: "environ" } },
    ],
  },
  {
    name: "symlinks that Python makes, for the service to follow",
    mechanism: LINKS,
    language: "python",
    steps: [
      {
        code:
          'import os\nos.symlink("{{secret}}", "file")\nos.symlink("{{outside}}", "dir")\nos.symlink("/", "root")\n',
      },
      ...ABOUT_LINKS,
    ],
  },
  {
    name: "a workspace that is replaced by a link",
    mechanism: LINKS,
    language: "bash",
    steps: [
      {
        code: "cd /; mv /workspace /workspace.old; ln -s {{outside}} /workspace; ln -s {{outside}} dir; ls /workspace/",
      },
      ...ABOUT_LINKS,
    ],
  },
  {
    name: "special files, for the service to hang on or follow",
    mechanism: LINKS,
    language: "shell",
    steps: [
      { shell: "mkfifo pipe; mknod null c 1 3; ln -s pipe link; ln -s loop loop; mkdir -m 0 closed; true" },
      { command: { type: "read_file", path: "pipe" } },
      { command: { type: "read_file", path: "link" } },
      { command: { type: "read_file", path: "loop" } },
      { command: { type: "write_file", path: "pipe", content: "x" } },
      { command: { type: "copy_file", source: ".", destination: "copied" } },
      { download: true },
    ],
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "a download holds what a workspace holds",
    seenBy: "secret",
    steps: [{ files: { "mine.txt": "{{secretText}}" } }, { download: true }],
  }]),
  {
    name: "a download of a container's workspace holds what that holds",
    language: "python",
    seenBy: "secret",
    steps: [{ files: { "mine.txt": "{{secretText}}" } }, { download: true }],
  },
];

/** Symlinks and hard links, by programs, archives and commands, for programs and for the service to follow. */
export const LINK_ATTACKS: AttackTable = {
  category: "links",
  attacks: [...ARCHIVES, ...PLANTED, ...SWAPS, ...OTHERS],
  controls: CONTROLS,
};
