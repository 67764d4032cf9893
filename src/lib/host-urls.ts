/**
 * A connection URI may name several hosts, separated by commas: "postgres://ann@a:5432,b:5433/db" (PostgreSQL manual,
 * 34.1.1.3).
 *
 * @returns a URI for each host, in their order; undefined if one of them is none
 */
export function hostUrls(text: string): readonly [string, ...string[]] | undefined {
  const [, before = "", hosts = "", after = ""] =
    /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/.exec(text) ?? [];
  const [first = "", ...others] = hosts.split(",").map((host) => (host === "" ? "" : before + host + after));
  return [first, ...others].every((url) => URL.canParse(url)) ? [first, ...others] : undefined;
}
