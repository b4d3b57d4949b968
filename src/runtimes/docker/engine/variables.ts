/** Variables in the form of the Engine API: `NAME=value`. */
export function toVariables(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
