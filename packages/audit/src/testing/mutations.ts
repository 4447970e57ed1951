/** Random single changes to a log, by somebody without the coordinator's key and by the coordinator itself. */
import { type CryptoBackend, toHex } from '@tributary/crypto';
import {
  type Bodies,
  decodeMessage,
  encodeMessage,
  type MessageKind,
  signMessage,
} from '@tributary/protocol';
import { appendHead, EMPTY_LOG, type LogTip, withLine } from '../audit-log.ts';
import { encodeEntry, readEntry, type TimedEntry } from '../entries.ts';

/** Integers from a seed. */
export type Draw = (below: number) => number;

export interface Mutation {
  readonly what: string;
  readonly lines: readonly Uint8Array[];
}

/** A byte of one line, a line left out, twice, or in the place of another. */
export function mutateLines(lines: readonly Uint8Array[], draw: Draw): Mutation {
  const at = draw(lines.length);
  const line = lines.at(at) as Uint8Array;
  switch (draw(4)) {
    case 0: {
      const changed = line.slice();
      const byte = draw(line.length);
      changed[byte] = (changed.at(byte) ?? 0) ^ (1 + draw(255));
      return { what: `byte ${byte} of line ${at + 1}`, lines: lines.with(at, changed) };
    }
    case 1:
      return { what: `line ${at + 1} deleted`, lines: lines.toSpliced(at, 1) };
    case 2: {
      const to = draw(lines.length + 1);
      return { what: `line ${at + 1} copied to ${to + 1}`, lines: lines.toSpliced(to, 0, line) };
    }
    default: {
      const other = (at + 1 + draw(lines.length - 1)) % lines.length;
      const swapped = lines.with(at, lines.at(other) ?? line).with(other, line);
      return { what: `lines ${at + 1} and ${other + 1} swapped`, lines: swapped };
    }
  }
}

/** Number of the first line in which two logs differ. */
export function firstDifference(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const at = a.findIndex((line, i) => toHex(line) !== toHex(b[i] ?? new Uint8Array(0)));
  return (at === -1 ? a.length : at) + 1;
}

export function entriesOf(lines: readonly Uint8Array[]): TimedEntry[] {
  return lines.map((line) => {
    const read = readEntry(line);
    if (!read.ok) throw new Error(read.reason);
    return read.entry;
  });
}

/** Lines of entries that were written before: an entry is never changed in place. */
const LINES = new WeakMap<TimedEntry, Uint8Array>();

/** The log of other entries, with heads where the first had them: as whoever has `identity` can write it. */
export function rewriteLog(
  crypto: CryptoBackend,
  entries: readonly TimedEntry[],
  signer: { readonly identity: Uint8Array; readonly run: Uint8Array },
): Uint8Array[] {
  let tip: LogTip = EMPTY_LOG;
  return entries.map((entry) => {
    if (entry.type === 'head') {
      const head = appendHead(crypto, tip, signer, entry.time);
      ({ tip } = head);
      return head.line;
    }
    const line = LINES.get(entry) ?? encodeEntry(entry);
    LINES.set(entry, line);
    tip = withLine(crypto, tip, line, false);
    return line;
  });
}

type Leaf = number | string | Uint8Array;
export type Tree = Leaf | readonly Tree[] | { readonly [field: string]: Tree };

/** A copy with one leaf, or one list, changed. */
export function mutateTree(tree: Tree, draw: Draw): Tree {
  if (typeof tree === 'number') return draw(2) === 0 ? tree + 1 : tree === 0 ? 7 : tree - 1;
  if (typeof tree === 'string') return tree === '' ? 'x' : swappedText(tree, draw);
  if (tree instanceof Uint8Array) {
    if (tree.length === 0) return Uint8Array.of(1);
    const changed = tree.slice();
    const at = draw(tree.length);
    changed[at] = (changed.at(at) ?? 0) ^ (1 << draw(8));
    return changed;
  }
  if (isList(tree)) {
    const at = draw(tree.length);
    if (tree.length === 0 || draw(3) === 0) return tree.length === 0 ? tree : tree.toSpliced(at, 1);
    return tree.with(at, mutateTree(tree.at(at) as Tree, draw));
  }
  const fields = Object.entries(tree);
  const [field, value] = fields.at(draw(fields.length)) ?? ['', ''];
  return { ...tree, [field]: mutateTree(value, draw) };
}

const isList = (tree: Tree): tree is readonly Tree[] => Array.isArray(tree);

const CHOICES: Readonly<Record<string, string>> = {
  complete: 'harary',
  harary: 'complete',
  self: 'pair',
  pair: 'self',
};

function swappedText(text: string, draw: Draw): string {
  const at = draw(text.length);
  return CHOICES[text] ?? `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`;
}

/**
 * The frame with one thing changed in its body and, where the coordinator signs it, signed anew. Undefined where the change cannot be
 * sent, or changes nothing.
 */
export function mutateFrame(
  crypto: CryptoBackend,
  frame: Uint8Array,
  identity: Uint8Array,
  draw: Draw,
  change: (body: Tree) => Tree = (body) => mutateTree(body, draw),
): Uint8Array | undefined {
  const decoded = decodeMessage(frame);
  if (!decoded.ok) throw new Error(decoded.detail);
  const { kind, body, signature } = decoded.message;
  const changed = change(body as unknown as Tree) as unknown as Bodies[MessageKind];
  const signed = COORDINATOR_KINDS.has(kind)
    ? signMessage(crypto, identity, kind, changed as never)
    : signature;
  const mutated = encodeMessage(kind, changed as never, signed);
  const valid = decodeMessage(mutated).ok;
  return valid && toHex(mutated) !== toHex(frame) ? mutated : undefined;
}

const COORDINATOR_KINDS: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'batch-start',
  'round-announce',
  'round-start',
  'survivors',
  'round-result',
  'round-aborted',
  'evidence',
  'run-ended',
]);

/** One change to what an entry says; undefined where there is none, or where the coordinator alone vouches for all of it. @param identity the coordinator's */
export function mutateEntry(
  crypto: CryptoBackend,
  entry: TimedEntry,
  identity: Uint8Array,
  draw: Draw,
): TimedEntry | undefined {
  const mutated = (frame: Uint8Array): Uint8Array | undefined => mutateFrame(crypto, frame, identity, draw);
  switch (entry.type) {
    case 'genesis': {
      if (draw(2) === 0) return { ...entry, run: mutateTree(entry.run, draw) as Uint8Array };
      return { ...entry, roster: mutateTree(entry.roster as never, draw) as unknown as typeof entry.roster };
    }
    case 'batch': {
      const at = draw(entry.adverts.length);
      const advert = mutated(entry.adverts.at(at) as Uint8Array);
      const start = mutated(entry.start);
      if (draw(2) === 0) return start && { ...entry, start };
      return advert && { ...entry, adverts: entry.adverts.with(at, advert) };
    }
    case 'round': {
      const announce = mutateFrame(crypto, entry.announce, identity, draw, (body) => {
        const { terms, promises } = body as { terms: never; promises: never };
        return { promises, terms: mutateTree(terms, draw) };
      });
      const start = mutated(entry.start);
      if (draw(2) === 0) return announce && { ...entry, announce };
      return start && { ...entry, start };
    }
    case 'upload': {
      const end = mutated(entry.end);
      return end && { ...entry, end };
    }
    case 'survivors': {
      if (draw(4) === 0) {
        const signatures = entry.signatures.map((one) => mutateTree(one as never, draw)) as unknown;
        return { ...entry, signatures: signatures as typeof entry.signatures };
      }
      const set = mutated(entry.set);
      return set && { ...entry, set };
    }
    case 'release': {
      const release = mutated(entry.release);
      return release && { ...entry, release };
    }
    case 'sum': {
      const result = mutated(entry.result);
      return result && { ...entry, result };
    }
    case 'roster':
    case 'abort':
    case 'evidence':
    case 'end':
    case 'budget':
    case 'head':
      return undefined;
  }
}

/** Signs and verifies each thing once: neither changes with the time. */
export function remembering(crypto: CryptoBackend): CryptoBackend {
  const verdicts = new Map<string, boolean>();
  const signatures = new Map<string, Uint8Array>();
  return {
    ...crypto,
    ed25519Sign(secret, message) {
      const name = toHex(crypto.sha256(secret, message));
      const signature = signatures.get(name) ?? crypto.ed25519Sign(secret, message);
      signatures.set(name, signature);
      return signature;
    },
    ed25519Verify(publicKey, message, signature) {
      const name = `${toHex(crypto.sha256(publicKey, message))}${toHex(signature)}`;
      const verdict = verdicts.get(name) ?? crypto.ed25519Verify(publicKey, message, signature);
      verdicts.set(name, verdict);
      return verdict;
    },
  };
}
