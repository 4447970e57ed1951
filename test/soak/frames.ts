/** The decoder against frames that nobody sent: random bytes, and real traffic with bytes changed. */
import { decodeMessage, encodeMessage, type Message } from '@tributary/protocol';
import { randomVectors, seededBytes, sumRequest, testFederation } from '../support/federation.ts';

export interface FrameReport {
  readonly frames: number;
  /** Frames that were taken for messages: changed bytes may still be a well-formed message of that kind. */
  readonly wellFormed: number;
  readonly heapGrowthMb: number;
}

/** Every frame of a round of four members, and of its setup with a draw. */
function realFrames(): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const { federation } = testFederation(4, {
    faults: {
      intercept(frame) {
        frames.push(Uint8Array.from(frame.bytes));
        return [frame];
      },
    },
  });
  federation.sum(sumRequest(40, randomVectors(4, 40, 1)));
  return frames;
}

/**
 * @param count frames to try
 * @throws Error where the decoder throws, or takes for a message what it would not itself send
 */
export function tryFrames(count: number, seed: number): FrameReport {
  const frames = realFrames();
  const random = seededBytes(seed);
  let wellFormed = 0;
  let heapBefore = 0;
  for (let i = 0; i < count; i++) {
    // What the first frames leave behind is caches, not growth.
    if (i === Math.floor(count / 10)) heapBefore = collectedHeap();
    const frame = i % 4 === 0 ? random(1 + (random(1)[0] as number)) : changed(frames, random);
    const decoded = decodeMessage(frame);
    if (!decoded.ok) continue;
    wellFormed += 1;
    requireSound(decoded.message, i, seed);
  }
  return { frames: count, wellFormed, heapGrowthMb: (collectedHeap() - heapBefore) / 2 ** 20 };
}

/** A real frame with one to four bytes changed, and sometimes cut or with bytes behind it. */
function changed(frames: readonly Uint8Array[], random: (length: number) => Uint8Array): Uint8Array {
  const draw = new DataView(random(32).buffer);
  const original = frames[draw.getUint32(0) % frames.length] as Uint8Array;
  const kind = draw.getUint8(4) % 8;
  const frame =
    kind === 0
      ? original.slice(0, draw.getUint32(5) % original.length)
      : kind === 1
        ? Uint8Array.from([...original.slice(-64), ...original])
        : Uint8Array.from(original);
  const changes = 1 + (draw.getUint8(9) % 4);
  for (let change = 0; change < changes && frame.length > 0; change++) {
    // Mostly near the front, where the structure is.
    const reach = draw.getUint8(10 + change) % 2 === 0 ? Math.min(48, frame.length) : frame.length;
    frame[draw.getUint32(14 + 4 * change) % reach] = draw.getUint8(28 + change);
  }
  return frame;
}

/** A message is sound where its own encoding decodes to the same encoding. */
function requireSound({ kind, body, signature }: Message, frame: number, seed: number): void {
  const encoded = encodeMessage(kind, body, signature);
  const again = decodeMessage(encoded);
  const same =
    again.ok &&
    again.message.kind === kind &&
    Buffer.from(encodeMessage(kind, again.message.body, again.message.signature)).equals(encoded);
  if (!same) throw new Error(`frame ${frame} of seed ${seed} gave an unsound ${kind}`);
}

function collectedHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
