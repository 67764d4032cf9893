/** @returns one that is the whole, but for some of its parts: a store with another outbox, a `commit` that fails */
export function withParts<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get(_, name) {
      const owner = Object.hasOwn(parts, name) ? parts : whole;
      const part: unknown = Reflect.get(owner, name, owner);
      // A method asks for private fields, which the proxy does not have.
      return typeof part === "function" ? part.bind(owner) : part;
    },
  });
}
