/** A path of this machine's file system that a program sees. */
export interface Mount {
  readonly source: string;
  /** The program's path to it. It differs from `source` only in a file system of the program's own. */
  readonly target: string;
  readonly access: "read" | "execute" | "write";
}

/** The mount of a path that a program sees where this machine has it. */
export function mountInPlace(path: string, access: Mount["access"]): Mount {
  return { source: path, target: path, access };
}
