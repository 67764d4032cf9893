/** A path template of google.api.http (its grammar stands in google/api/http.proto). */
export interface PathTemplate {
  /** Literals, `*` for one segment, and, only as the last one, `**` for any number of segments. */
  readonly segments: readonly string[];
  readonly variables: readonly PathVariable[];
  /** What follows the last colon, "" if there is none. */
  readonly verb: string;
}

/** Stands for the segments of a path from `start` to `end - 1`; `end` is Infinity if the last is `**`. */
export interface PathVariable {
  /** E.g. "user_id" or "user.id". */
  readonly fieldPath: string;
  readonly start: number;
  readonly end: number;
}

/** @throws Error that tells where the template is wrong. */
export function parsePathTemplate(text: string): PathTemplate {
  const segments: string[] = [];
  const variables: PathVariable[] = [];
  let position = 0;

  if (!take("/")) fail("must start with a slash");
  parseSegments(parseSegmentOrVariable);
  const verb = take(":") ? takePattern(literal, "a verb") : "";
  if (position < text.length) fail(`has an unexpected "${text.charAt(position)}"`);

  const openEnd = segments.indexOf("**");
  if (openEnd !== -1 && openEnd < segments.length - 1) fail("must not go on after **");
  const fieldPaths = variables.map(({ fieldPath }) => fieldPath);
  if (new Set(fieldPaths).size < fieldPaths.length) fail("names a variable twice");
  return { segments, variables, verb };

  function parseSegments(parseOne: () => void): void {
    do parseOne();
    while (take("/"));
  }

  function parseSegmentOrVariable(): void {
    if (!take("{")) {
      parseSegment();
      return;
    }
    const fieldPath = takePattern(dottedName, "the name of a field");
    const start = segments.length;
    if (take("=")) parseSegments(parseSegment);
    else segments.push("*");
    if (!take("}")) fail("lacks a closing brace");
    const end = segments.at(-1) === "**" ? Infinity : segments.length;
    variables.push({ fieldPath, start, end });
  }

  function parseSegment(): void {
    if (take("**")) segments.push("**");
    else if (take("*")) segments.push("*");
    else segments.push(takePattern(literal, "a segment"));
  }

  function take(token: string): boolean {
    if (!text.startsWith(token, position)) return false;
    position += token.length;
    return true;
  }

  function takePattern(pattern: RegExp, what: string): string {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return fail(`lacks ${what}`);
    position += found.length;
    return found;
  }

  function fail(reason: string): never {
    throw new Error(`the path template "${text}" ${reason} (at ${position})`);
  }
}

const literal = /[^/{}*:=]+/y;
const dottedName = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;
