/** The names of a language, and whether it can be chosen. */
interface Findable {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly available: boolean;
}

/** Finds languages by a part of a name. Available ones come first, and among them those that begin with the text. */
export function findLanguages<Language extends Findable>(languages: readonly Language[], text: string): Language[] {
  const wanted = text.trim().toLowerCase();
  const rankOf = ({ aliases, available, name }: Language): number => {
    const names = [name, ...aliases].map((one) => one.toLowerCase());
    const match = names.includes(wanted) ? 0 : names.some((one) => one.startsWith(wanted)) ? 1 : 2;
    return (available ? 0 : 3) + match;
  };
  return languages
    .filter(({ aliases, name }) => [name, ...aliases].some((one) => one.toLowerCase().includes(wanted)))
    .toSorted((a, b) => rankOf(a) - rankOf(b));
}
