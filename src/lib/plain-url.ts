/** An http or https URL without user, password and fragment; undefined for anything else. */
export function plainUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isPlain = url !== null && url.username === "" && url.password === "" && !text.includes("#");
  return isPlain && (url.protocol === "https:" || url.protocol === "http:") ? url : undefined;
}
