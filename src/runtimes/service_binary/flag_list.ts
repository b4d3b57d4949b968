/**
 * A flag with a list of values, or none for an empty list. No value may hold a character at which Deno splits a list.
 *
 * @throws {TypeError} for a value that would widen the list; {@link isListable} finds it beforehand
 */
export function flagList(flag: string, values: readonly string[]): string[] {
  const bad = values.find((value) => !isListable(value));
  if (bad !== undefined) {
    throw new TypeError(
      `Cannot build ${flag} as a value must not split the list: current value is ${JSON.stringify(bad)}`,
    );
  }
  return values.length === 0 ? [] : [`${flag}=${[...new Set(values)].join(",")}`];
}

/** Whether a value can stand in a list. */
export function isListable(value: string): boolean {
  // deno-lint-ignore no-control-regex
  return value !== "" && !/[,\x00-\x1f\x7f]/.test(value) && !value.startsWith("-");
}
