import { createContextKey, type HandlerContext } from "@connectrpc/connect";

/** The languages that the caller reads, the best first: BCP 47. */
export const languagesKey = createContextKey<readonly string[]>([], {
  description: "languages of the caller",
});

export function languagesOf({ values }: Pick<HandlerContext, "values">): readonly string[] {
  return values.get(languagesKey);
}

const headerBytesMax = 1_000;

/**
 * The languages of the header Accept-Language, the best first (RFC 9110 §12.5.4).
 *
 * @param header null if there is none; one that is too long counts as none
 * @returns BCP 47 tags in lower case, without those of weight 0
 */
export function acceptedLanguages(header: string | null): readonly string[] {
  if (header === null || header.length > headerBytesMax) return [];
  return header
    .split(",")
    .map((part) => {
      const [tag = "", ...params] = part.split(";").map((piece) => piece.trim().toLowerCase());
      const weight = params.find((param) => param.startsWith("q="))?.slice(2);
      return { tag, weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ tag, weight }) => tag !== "" && tag !== "*" && weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}
