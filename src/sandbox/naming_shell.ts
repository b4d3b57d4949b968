const PREFIX = "CODEBEAKER_";

/** A command line that gets variables under their names, and what stands in their place until then. */
export interface NamedVariables {
  readonly launchers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Keeps variables from launchers, which would obey some of them (LD_PRELOAD, SHELLOPTS): the last launcher, a shell that
 * is confined as its program is, gives each value its name, and becomes the program.
 */
export function nameVariables(variables: Readonly<Record<string, string>>): NamedVariables {
  const names = Object.keys(variables);
  const places = names.map((_, index) => `${PREFIX}${index}`);
  const script = [
    ...names.map((name, index) => `export ${name}="$${places[index]}"`),
    ["unset", ...places].join(" "),
    'exec "$@"',
  ].join("; ");
  return {
    launchers: ["/bin/sh", "-c", script, "sh"],
    env: Object.fromEntries(Object.values(variables).map((value, index) => [places[index] ?? "", value])),
  };
}
