import { parser } from "@lezer/python";
import type { FamilyModule } from "../family.ts";
import { beginningOf } from "../beginning.ts";
import { readPython } from "./read_python.ts";

/** Most characters of a file that are read. */
const MAX_LENGTH = 4_096;

/** Reads Python. */
export const PYTHON: FamilyModule = {
  parserFor: () => parser,
  excerptOf: (text) => beginningOf(text, MAX_LENGTH),
  readsBeginnings: true, // What a program certainly needs stands there.
  read: readPython,
  placesOf: ({ entrypoint, files }) => {
    const directory = entrypoint.slice(0, entrypoint.lastIndexOf("/") + 1); // Modules are searched here first.
    const paths = files.map(({ path }) => path).filter((path) => path.startsWith(directory));
    const names = new Set(paths.map((path) => path.slice(directory.length).split("/")[0]));
    const anywhere = new Set(files.flatMap(({ path }) => path.split("/").map((part) => part.split(".")[0])));
    return {
      entrypoint,
      mayBeLocal: ({ name }) => anywhere.has(name), // An image may name further directories of the workspace.
      localOf: ({ name }) => {
        const file = `${name}.py`;
        if (names.has(name)) return {}; // The module is a package, which is not followed.
        if (names.has(file)) return { path: directory + file };
        return names.has(`${name}.so`) || [...names].some((other) => other?.startsWith(`${name}.`)) ? {} : undefined;
      },
    };
  },
};
