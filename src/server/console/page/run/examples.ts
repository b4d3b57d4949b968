import { emptyForm, type ProgramForm } from "./program_form.ts";

/** A program to begin with. */
export interface Example {
  readonly title: string;
  /** What the example shows of the service. */
  readonly shows: string;
  readonly form: ProgramForm;
}

const table = `import csv
from collections import defaultdict

sums = defaultdict(float)
with open("sales.csv", newline="") as file:
    for row in csv.DictReader(file):
        sums[row["city"]] += float(row["amount"])

for city, amount in sorted(sums.items(), key=lambda item: -item[1]):
    print(f"{city:<10}{amount:>10.2f}")
`;

const chart = `import matplotlib.pyplot as plt

plt.bar(["Mon", "Tue", "Wed", "Thu"], [11, 14, 9, 17], color="teal")
plt.title("Degrees Celsius")
plt.savefig("chart.png")
`;

const network = `const response = await fetch("https://example.com/");
console.log(response.status, response.headers.get("content-type"));
`;

const guess = `const secret = 1 + Math.floor(Math.random() * 100);

console.log("Guess my number, from 1 to 100.");
for await (const line of process.stdin.setEncoding("utf8")) {
  const guess = Number(line);
  if (guess === secret) {
    console.log("That is it!");
    break;
  }
  console.log(guess < secret ? "It is more." : "It is less.");
}
`;

const solution = `#include <iostream>
#include <string>

int main() {
  std::string word;
  std::cin >> word;
  const std::string back(word.rbegin(), word.rend());
  std::cout << (word == back ? "palindrome" : "no palindrome") << "\\n";
}
`;

const primes = `const isPrime = (n) => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
};

console.log(Array.from({ length: 100 }, (_, n) => n).filter(isPrime).join(" "));
`;

/** The examples, in the order in which they are offered. */
export const EXAMPLES: readonly Example[] = [
  {
    title: "Sum up a table",
    shows: "A file beside the program",
    form: {
      ...emptyForm("python", table),
      files: [{
        path: "sales.csv",
        content: "city,amount\nOslo,120.50\nRome,80\nOslo,42.25\nLima,99.90\n",
        encoding: "utf8",
      }],
    },
  },
  {
    title: "Draw a chart",
    shows: "A picture that the program returns",
    form: { ...emptyForm("python", chart), outputs: "*.png" },
  },
  {
    title: "Ask the network",
    shows: "A refusal, and the button that allows it",
    form: emptyForm("typescript", network),
  },
  {
    title: "Guess a number",
    shows: "Input that is typed while the program runs",
    form: { ...emptyForm("typescript", guess), isInteractive: true },
  },
  {
    title: "Judge a solution",
    shows: "Tests with a verdict each",
    form: {
      ...emptyForm("cpp", solution),
      tests: [
        { stdin: "racecar", expected: "palindrome" },
        { stdin: "beaker", expected: "no palindrome" },
        { stdin: "a", expected: "palindrome" },
      ],
    },
  },
  {
    title: "Only compute",
    shows: "The fastest runtime for what needs nothing else",
    form: { ...emptyForm("javascript", primes), preference: "speed" },
  },
];
