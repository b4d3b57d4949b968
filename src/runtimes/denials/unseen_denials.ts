const UNSEEN = "denials are read from stderr alone, where a program that catches the error leaves nothing";

/** Conformance checks that fail, by name, where denials are read from stderr. Each has the reason. */
export const UNSEEN_DENIALS: Readonly<Record<string, string>> = {
  "a refused network access is reported, although the program caught the error": UNSEEN,
  "denials are bounded in number, and those left out are counted": UNSEEN,
};
