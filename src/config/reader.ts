import { withoutPasswords } from "../lib/host-urls.ts";
import { nearest } from "./nearest.ts";
import { type Variable, variables } from "./variables.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables, and gathers what is wrong with them instead of stopping at the first mistake. */
export interface Reader {
  /** The value; the default if it is not set, or not allowed, which is a mistake. */
  read<T>(this: void, variable: Variable<T> & { readonly default: string }): T;
  read<T>(this: void, variable: Variable<T>): T | undefined;
  /** Whether there is any value, allowed or not. */
  isSet(this: void, variable: Variable<unknown>): boolean;
  /** Adds a mistake. @param mustBe ends the sentence "… must be" */
  refuse(this: void, variable: Variable<unknown>, mustBe: string): void;
  readonly mistakes: readonly string[];
}

export function createReader(env: Environment): Reader {
  const mistakes: string[] = [];

  const textOf = ({ name }: Variable<unknown>): string => env[name]?.trim() ?? "";

  function read<T>(variable: Variable<T> & { readonly default: string }): T;
  function read<T>(variable: Variable<T>): T | undefined;
  function read<T>(variable: Variable<T>): T | undefined {
    const text = textOf(variable);
    if (text !== "") {
      const value = variable.parse(text);
      if (value !== undefined) return value;
      refuse(variable, variable.allowed);
    }
    return variable.default === undefined ? undefined : variable.parse(variable.default);
  }

  function refuse(variable: Variable<unknown>, mustBe: string): void {
    mistakes.push(`${variable.name} ${shown(variable, textOf(variable))}, but must be ${mustBe}`);
  }

  return { read, refuse, isSet: (variable) => textOf(variable) !== "", mistakes };
}

function shown({ isSecret }: Variable<unknown>, text: string): string {
  if (text === "") return "is not set";
  // A private key may have been put where the name of any file belongs.
  if (isSecret || text.includes("-----BEGIN")) return "has a value that is not shown here";
  return `is ${JSON.stringify(withoutPasswords(text))}`;
}

const prefix = "RINGBACK_";
const names: readonly string[] = Object.values(variables).map(({ name }) => name);

/** A mistake for each variable that is meant for us and that we do not know. */
export function unknownNames(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !names.includes(name) && env[name]?.trim())
    .map((name) => {
      const suggestion = nearest(
        name.slice(prefix.length),
        names.map((each) => each.slice(prefix.length)),
      );
      const hint =
        suggestion === undefined ? "--help lists all of them" : `did you mean ${prefix}${suggestion}?`;
      return `${name} is not a variable of this server: ${hint}`;
    });
}
