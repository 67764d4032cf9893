const newline = 0x0a;

/**
 * Cuts bytes into lines, without their ends. What follows the last end is a line, too, unless it is empty.
 *
 * @param lineBytesMax of one line
 * @throws Error for a line that is longer, or is not UTF-8
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const lineWith = (part: Uint8Array): string => {
    if (begunBytes + part.length > lineBytesMax) throw tooLong(lineBytesMax);
    const line = begun.length === 0 ? part : Buffer.concat([...begun, part]);
    [begun, begunBytes] = [[], 0];
    try {
      return decoder.decode(line);
    } catch (cause) {
      throw new Error("it is no text in UTF-8: is it compressed, or a copy of a database?", { cause });
    }
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      yield lineWith(chunk.subarray(from, to));
      from = to + 1;
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    begunBytes += chunk.length - from;
    if (begunBytes > lineBytesMax) throw tooLong(lineBytesMax);
  }
  if (begunBytes > 0) yield lineWith(new Uint8Array());
}

function tooLong(lineBytesMax: number): Error {
  return new Error(`a line is longer than ${lineBytesMax} bytes`);
}

const chunkCharactersMin = 64 * 1024;

/** Lines with their ends, put together to pieces that are worth a write. */
export async function* chunksOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < chunkCharactersMin) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}
