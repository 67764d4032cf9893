import { Code, ConnectError } from "@connectrpc/connect";
import type { PathTemplate, PathVariable } from "./path-template.ts";

export interface PathMatch<T> {
  readonly value: T;
  /** The decoded text of each variable of the template. */
  readonly captures: readonly string[];
}

interface Leaf<T> {
  readonly variables: readonly PathVariable[];
  readonly value: T;
}

/** What may follow after a number of segments. A path is matched in time proportional to its length. */
interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  any?: Node<T>;
  /** Templates that end here, by verb. */
  readonly leaves: Map<string, Leaf<T>>;
  /** Templates that end here with `**`, by verb. */
  readonly openLeaves: Map<string, Leaf<T>>;
}

/** Finds by HTTP method and path what was added by template. Literal segments go before variables. */
export class PathRouter<T> {
  readonly #roots = new Map<string, Node<T>>();

  /** @throws Error if another template of that method matches the same paths. */
  add(httpMethod: string, template: PathTemplate, value: T): void {
    let node = this.#roots.get(httpMethod);
    if (node === undefined) this.#roots.set(httpMethod, (node = emptyNode()));
    const isOpen = template.segments.at(-1) === "**";
    for (const segment of isOpen ? template.segments.slice(0, -1) : template.segments) {
      node = segment === "*" ? (node.any ??= emptyNode()) : childOf(node, decodeSegment(segment));
    }
    const leaves = isOpen ? node.openLeaves : node.leaves;
    if (leaves.has(template.verb)) {
      throw new Error(`two methods have the path ${httpMethod} /${template.segments.join("/")}`);
    }
    leaves.set(template.verb, { variables: template.variables, value });
  }

  /** @throws ConnectError InvalidArgument if the path has a broken percent-escape. */
  match(httpMethod: string, path: string): PathMatch<T> | undefined {
    const root = this.#roots.get(httpMethod);
    return root === undefined ? undefined : matchPath(root, path);
  }

  /** The HTTP methods by which the path can be called. */
  methodsOf(path: string): string[] {
    return [...this.#roots].filter(([, root]) => matchPath(root, path) !== undefined).map(([name]) => name);
  }
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), leaves: new Map(), openLeaves: new Map() };
}

function childOf<T>(node: Node<T>, literal: string): Node<T> {
  let child = node.literals.get(literal);
  if (child === undefined) node.literals.set(literal, (child = emptyNode()));
  return child;
}

function matchPath<T>(root: Node<T>, path: string): PathMatch<T> | undefined {
  const raw = path.slice(1).split("/");
  // What follows a colon may be a verb, or belong to a value, as in /users/urn:example:7.
  const last = raw.at(-1) ?? "";
  const colon = last.lastIndexOf(":");
  if (colon !== -1) {
    const withoutVerb = [...raw.slice(0, -1), last.slice(0, colon)];
    const found = matchSegments(root, withoutVerb, decodeSegment(last.slice(colon + 1)));
    if (found !== undefined) return found;
  }
  return matchSegments(root, raw, "");
}

function matchSegments<T>(root: Node<T>, raw: readonly string[], verb: string): PathMatch<T> | undefined {
  const decoded = raw.map(decodeSegment);
  const leaf = findLeaf(root, decoded, 0, verb);
  if (leaf === undefined) return undefined;
  const captures = leaf.variables.map(({ start, end }) => {
    if (end - start === 1) return decoded[start] ?? "";
    // In a value of several segments an escaped slash stays escaped: it separates nothing (http.proto).
    return raw
      .slice(start, end)
      .map((segment) => segment.split(/%2f/i).map(decodeSegment).join("%2F"))
      .join("/");
  });
  return { value: leaf.value, captures };
}

function findLeaf<T>(
  node: Node<T>,
  segments: readonly string[],
  depth: number,
  verb: string,
): Leaf<T> | undefined {
  const segment = segments[depth];
  if (segment === undefined) return node.leaves.get(verb) ?? node.openLeaves.get(verb);
  const literal = node.literals.get(segment);
  const found = literal && findLeaf(literal, segments, depth + 1, verb);
  if (found !== undefined) return found;
  const viaAny = node.any && segment !== "" ? findLeaf(node.any, segments, depth + 1, verb) : undefined;
  return viaAny ?? node.openLeaves.get(verb);
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ConnectError(`the path has a broken percent-escape: "${segment}"`, Code.InvalidArgument);
  }
}
