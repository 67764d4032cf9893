/** Larger chunks are not copied. */
const joinedBytesMax = 16_384;
/** From it on, a chunk has memory of its own: in Node's pool it would hold on to that of others. */
const ownMemoryBytesMin = 4_096;

/**
 * Adds a chunk, and joins small ones: a client may send one byte in a frame, and a chunk costs a hundred. As only what
 * is not larger is joined with what comes behind it, each byte is copied a few times at most.
 */
export function addChunk(chunks: Uint8Array[], chunk: Uint8Array): void {
  let last = chunk;
  for (let before; (before = chunks.at(-1)) !== undefined; last = joined(before, last)) {
    const isSmall = before.byteLength + last.byteLength <= joinedBytesMax;
    if (!isSmall || before.byteLength > last.byteLength) break;
    chunks.pop();
  }
  chunks.push(last);
}

function joined(before: Uint8Array, last: Uint8Array): Uint8Array {
  const byteLength = before.byteLength + last.byteLength;
  const bytes =
    byteLength < ownMemoryBytesMin ? Buffer.allocUnsafe(byteLength) : Buffer.allocUnsafeSlow(byteLength);
  bytes.set(before);
  bytes.set(last, before.byteLength);
  return bytes;
}
