import { parseArgs } from "node:util";

export const parts = ["grpc", "durability", "json", "growth"] as const;
export type Part = (typeof parts)[number];

/** What is measured, and for how long. */
export interface Plan {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly roundSeconds: number;
  readonly warmUpSeconds: number;
  /** Stored users, where it is not their number that is looked at. */
  readonly users: number;
  /** Numbers of stored users, growing. */
  readonly growth: readonly number[];
  /** Folder of the page and the plot; undefined if nothing is written. */
  readonly docs: string | undefined;
}

const thorough = {
  rounds: 5,
  roundSeconds: 2,
  warmUpSeconds: 1.5,
  users: 100_000,
  growth: [1_000, 100_000, 1_000_000],
};
const quick = {
  rounds: 2,
  roundSeconds: 0.5,
  warmUpSeconds: 0.3,
  users: 20_000,
  growth: [1_000, 20_000, 100_000],
};

const usage = `Usage: npm run bench -- [--quick] [--only ${parts.join(",")}] [--docs <folder>]
  --quick   short rounds among few users, to try the benchmark itself: its figures are none
  --only    some parts of it
  --docs    folder for performance.md and performance.svg; "docs" if left out, nothing with --quick or --only
`;

/** @throws Error with the usage if they cannot be understood */
export function readOptions(args: readonly string[]): Plan {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: "boolean" }, only: { type: "string" }, docs: { type: "string" } },
    });
    const isWhole = values.quick !== true && values.only === undefined;
    return {
      parts: values.only === undefined ? parts : values.only.split(",").map(partOf),
      ...(values.quick === true ? quick : thorough),
      docs: values.docs ?? (isWhole ? "docs" : undefined),
    };
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`, { cause });
  }
}

function partOf(name: string): Part {
  const part = parts.find((each) => each === name);
  if (part === undefined) throw new Error(`There is no part "${name}".`);
  return part;
}
