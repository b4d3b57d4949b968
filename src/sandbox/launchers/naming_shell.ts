const PREFIX = "CODEBEAKER_";

/** Launchers that give variables their names, and the variables under other names. */
export interface NamedVariables {
  readonly launchers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Hides variables from launchers, which would obey some of them (LD_PRELOAD, SHELLOPTS). Launchers get each value under
 * another name. The last launcher is a shell, confined as its program is: its env(1) gives each value its name and
 * becomes the program.
 */
export function nameVariables(variables: Readonly<Record<string, string>>): NamedVariables {
  const names = Object.keys(variables);
  const places = names.map((_, index) => `${PREFIX}${index}`);
  // The shell assigns no name itself: it reserves some, for example bash's UID.
  const script = [
    "exec /usr/bin/env",
    ...places.map((place) => `-u ${place}`),
    ...names.map((name, index) => `"${name}=$${places[index]}"`),
    '"$@"',
  ].join(" ");
  return {
    launchers: ["/bin/sh", "-c", script, "sh"],
    env: Object.fromEntries(Object.values(variables).map((value, index) => [places[index] ?? "", value])),
  };
}
