/** Files that may have types. */
const TYPED_FILE = /\.(?:[mc]?ts|tsx)$/i;

/** Files that may configure how others are read. Each runtime obeys different ones. */
const CONFIGURATION = /\.jsonc?$/i;

/** JavaScript that is no module. Its code is not strict, and its imports mean `require`. */
const COMMONJS_FILE = /\.cjs$/i;

/** Whether a file is JavaScript that is no module. */
export function isCommonJs(path: string): boolean {
  return COMMONJS_FILE.test(path);
}

/** Whether a file may have types. */
export function mayHaveTypes(path: string): boolean {
  return TYPED_FILE.test(path);
}

/** Whether a file may change the meaning of TypeScript. */
export function configuresTypes(path: string): boolean {
  return CONFIGURATION.test(path);
}
