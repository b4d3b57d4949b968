import type { PrebuiltSpec } from "../../process/spec.ts";
import type { Waiter } from "../../process/waiter.ts";
import java from "./Waiter.java" with { type: "text" };
import lua from "./lua_waiter.lua" with { type: "text" };
import perl from "./PerlWaiter.pm" with { type: "text" };
import php from "./php_waiter.php" with { type: "text" };
import r from "./r_waiter.R" with { type: "text" };
import ruby from "./ruby_waiter.rb" with { type: "text" };

/** The directory in which binaries find the texts that make them wait. */
const DIRECTORY = "/etc/codebeaker";

/**
 * The texts for a binary of Debian's packages; undefined for any other. Another binary may take its command line
 * otherwise.
 */
function textsFor(binaries: RegExp, texts: Readonly<Record<string, string>>): Waiter["findTexts"] {
  return (binary) => {
    try {
      return binaries.test(Deno.realPathSync(binary)) ? texts : undefined;
    } catch {
      return undefined;
    }
  };
}

/**
 * Ruby waits in a file that it requires. It looks for `#!` in the placeholder's first line, and takes an empty file as
 * its program.
 */
export const RUBY_WAITER: Waiter = {
  memoryMb: 17,
  run: ["{binary}", `-r${DIRECTORY}/ruby_waiter.rb`, "{file}"],
  placeholder: "\n",
  findTexts: textsFor(/^\/usr\/bin\/ruby[\d.]+$/, { [`${DIRECTORY}/ruby_waiter.rb`]: ruby }),
};

/** Perl waits in a module, with the program's file open. */
export const PERL_WAITER: Waiter = {
  memoryMb: 3,
  run: ["{binary}", `-I${DIRECTORY}`, "-MPerlWaiter", "{file}"],
  placeholder: "",
  findTexts: textsFor(/^\/usr\/bin\/perl$/, { [`${DIRECTORY}/PerlWaiter.pm`]: perl }),
};

/**
 * PHP waits in the placeholder itself. PHP 7 would read the file before it waits.
 *
 * @param words the words of PHP's command line before the file
 */
export function phpWaiter(words: readonly string[]): Waiter {
  return {
    memoryMb: 13,
    run: [...words, "-d", "auto_prepend_file={file}", "{file}"],
    placeholder: php,
    findTexts: textsFor(/^\/usr\/bin\/php[89]/, {}),
  };
}

/** Lua waits in a file that it runs before it opens the program's. */
export const LUA_WAITER: Waiter = {
  memoryMb: 1,
  run: ["{binary}", "-E", "-e", `dofile("${DIRECTORY}/lua_waiter.lua")`, "{file}"],
  findTexts: textsFor(/^\/usr\/bin\/lua5\.[34]$/, { [`${DIRECTORY}/lua_waiter.lua`]: lua }),
};

/** R waits in the site's profile, which every process reads. @param run the command line of every process */
export function rWaiter(run: readonly string[]): Waiter {
  return {
    memoryMb: 52,
    run,
    variables: { CODEBEAKER_WAITS: "1" },
    placeholder: "",
    findTexts: textsFor(/^\/usr\/(?:bin|lib\/R\/bin)\/Rscript$/, { "/etc/R/Rprofile.site": r }),
  };
}

/** The words of Java's command line that compile a program. The heap is within the memory of every compiler. */
export const JAVA_COMPILER: readonly string[] = [
  "-Xmx512m",
  "-cp",
  "{prebuilt}/waiter.jar",
  "codebeaker.Compile",
  ...["{output}", "{file}", "{sources}", "--", "{compileArgs}"],
];

/**
 * Java's compiler waits in an agent.
 *
 * @param words the words of Java's command line before those of its compiler
 */
export function javaWaiter(words: readonly string[]): Waiter {
  return {
    memoryMb: 84,
    run: [...words, "-javaagent:{prebuilt}/waiter.jar", ...JAVA_COMPILER],
    findTexts: textsFor(/^\/usr\/lib\/jvm\//, {}),
  };
}

/** The agent that Java runs before a program that it waits for. */
export const JAVA_AGENT: PrebuiltSpec = {
  script: (directory, binary) =>
    [
      `mkdir "${directory}"`,
      `cat >"${directory}/Waiter.java" <<'END_OF_SOURCE'\n${java}END_OF_SOURCE`,
      `"${binary}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${directory}/Waiter.java" "${directory}/Waiter.java" "${directory}"`,
      `chmod -R a+rX "${directory}"`,
    ].join("\n"),
};
