/** A federation in memory whose log is recorded: every frame on its way passes the recorder, as a coordinator's shell would call it. */
import {
  type CryptoBackend,
  liftWords,
  nobleBackend,
  packedLength,
  packWords,
  toHex,
} from '@tributary/crypto';
import {
  addToIntegerSum,
  type AuditHead,
  decodeMessage,
  emptyAuditHead,
  EMPTY_LOG_HEAD,
  encodeIntegerSum,
  encodeMessage,
  integerSumWidth,
  type Message,
  nextLogHead,
  type Roster,
  signMessage,
} from '@tributary/protocol';
import {
  type Frame,
  InMemoryFederation,
  type InMemoryOptions,
  type SumOutcome,
  type SumRequest,
} from '@tributary/protocol/in-memory';
import { appendEntry, appendHead, EMPTY_LOG, type LogTip } from '../audit-log.ts';
import { readEntry } from '../entries.ts';
import { AuditRecorder, genesisEntry, type Recorded } from '../recorder.ts';
import type { RoundVectors } from '../verify/state.ts';

export interface Scene {
  readonly crypto: CryptoBackend;
  readonly members: number;
  readonly dimension: number;
  readonly bits?: number;
  readonly seed?: number;
  readonly keyCount?: number;
  /** Attempts at a sum that terms and members allow. */
  readonly maxAttempts?: number;
  readonly thresholds?: InMemoryOptions['thresholds'];
  readonly faults?: Pick<NonNullable<InMemoryOptions['faults']>, 'fate' | 'afterSend'>;
  /** Public definition of the run, and its digest. */
  readonly manifest?: string;
  readonly run?: Uint8Array;
  /** Messages of members that never arrive. */
  readonly swallows?: (message: Message, from: number) => boolean;
  /** A holder that releases a wrong share of one owner in every round. */
  readonly cheat?: { readonly holder: number; readonly owner: number };
}

/** A reproducible stream of bytes. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  const key = nobleBackend.sha256(Uint8Array.of(seed & 255, (seed >>> 8) & 255, (seed >>> 16) & 255));
  let block = 0;
  return (length) => {
    const bytes = nobleBackend.keystream(key, block).next(16 * Math.ceil(length / 16));
    block += Math.ceil(length / 16);
    return new Uint8Array(bytes.slice(0, length));
  };
}

export const MANIFEST = '{"name":"test"}';
export const RUN: Uint8Array = new Uint8Array(32).fill(7);

export class RecordedFederation {
  readonly roster: Roster;
  readonly identities: readonly Uint8Array[];
  readonly coordinatorIdentity: Uint8Array;
  readonly federation: InMemoryFederation;
  readonly lines: Uint8Array[] = [];
  /** Every frame that was sent, but for those of vectors. */
  readonly frames: Frame[] = [];
  /** Vectors of each round, by the line of its sum. */
  readonly vectors = new Map<Uint8Array, RoundVectors>();
  readonly sums: { readonly words: Int32Array; readonly bits: number }[] = [];
  #shape = { dimension: 0, bits: 0 };
  logHead: Uint8Array = EMPTY_LOG_HEAD;
  readonly #scene: Scene;
  readonly #crypto: CryptoBackend;
  readonly #recorder: AuditRecorder;
  readonly #chunks = new Map<string, Uint8Array[]>();
  readonly #random: (length: number) => Uint8Array;
  readonly #run: Uint8Array;
  #tip: LogTip = EMPTY_LOG;
  /** Newest head of the log. */
  head: AuditHead;
  #time = 1_700_000_000_000;

  constructor(scene: Scene) {
    const { members, seed = 1, keyCount = 4, maxAttempts, thresholds, faults, crypto } = scene;
    const random = seededBytes(seed);
    this.#scene = scene;
    this.#crypto = crypto;
    this.#random = random;
    this.#run = scene.run ?? RUN;
    this.coordinatorIdentity = random(32);
    this.identities = Array.from({ length: members }, () => random(32));
    this.roster = {
      federation: 'test',
      version: 1,
      coordinatorKey: crypto.ed25519PublicKey(this.coordinatorIdentity),
      members: this.identities.map((identity, id) => ({
        id,
        name: `org-${id}`,
        organisation: `org-${id}`,
        publicKey: crypto.ed25519PublicKey(identity),
      })),
    };
    this.head = emptyAuditHead(crypto, this.coordinatorIdentity, this.#run);
    this.#recorder = new AuditRecorder(crypto, this.roster, scene.manifest ?? MANIFEST);
    this.#append({
      entries: [genesisEntry(this.roster, scene.manifest ?? MANIFEST, this.#run)],
      closes: false,
    });
    this.federation = new InMemoryFederation({
      crypto,
      random,
      roster: this.roster,
      identities: this.identities,
      coordinatorIdentity: this.coordinatorIdentity,
      run: this.#run,
      keyCount,
      auditHead: () => this.head,
      ...(thresholds === undefined ? {} : { thresholds }),
      ...(maxAttempts === undefined
        ? {}
        : { maxAttempts, policy: { minCohort: 3, minColluders: 1, maxAttemptsPerRound: maxAttempts } }),
      faults: { ...faults, intercept: (frame) => this.#intercept(frame) },
    });
  }

  /** Opens a sum over vectors drawn from the seed. */
  sum(): SumOutcome {
    const { dimension, bits = 20, members } = this.#scene;
    const vectors = Array.from({ length: members }, () => {
      const bytes = this.#random(2 * dimension);
      const view = new DataView(bytes.buffer);
      return Int32Array.from({ length: dimension }, (_, i) => view.getInt16(2 * i, true) % 1000);
    });
    return this.open({
      step: `step ${this.sums.length + 1}`,
      expected: {
        planHash: new Uint8Array(32).fill(1),
        modelHash: new Uint8Array(32).fill(2),
        dimension,
        bits,
        inputBound: 1000,
        noiseMargin: 0,
        encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
        privacy: new Uint8Array(0),
      },
      vector: (member) => vectors.at(member) as Int32Array,
    });
  }

  /** Opens the sum that is asked for. */
  open(request: SumRequest): SumOutcome {
    const { dimension, bits } = request.expected;
    this.#shape = { dimension, bits };
    const outcome = this.federation.sum(request);
    if (outcome.kind === 'opened') this.sums.push({ words: outcome.sum, bits });
    return outcome;
  }

  /** Says that the run is over. */
  end(): void {
    const body = {
      run: this.#run,
      outcome: 'completed',
      detail: '',
      rounds: this.sums.length,
      logHead: this.logHead,
      auditHead: this.head,
    };
    const signature = signMessage(this.#crypto, this.coordinatorIdentity, 'run-ended', body);
    this.#append(this.#recorder.sent({ kind: 'run-ended', body, signature }));
  }

  /** Everything that an archive may have of the sum in a line. */
  vectorsOf = (line: Uint8Array): RoundVectors | undefined => {
    const vectors = this.vectors.get(line);
    const sum = this.sums[[...this.vectors.keys()].indexOf(line)];
    return vectors && sum && withSum(vectors, sum.words, sum.bits);
  };

  /** The result in a line that is a sum. */
  resultOf(line: Uint8Array): Message<'round-result'>['body'] {
    const read = readEntry(line);
    const decoded = read.ok && read.entry.type === 'sum' ? decodeMessage(read.entry.result) : undefined;
    if (decoded?.ok !== true || decoded.message.kind !== 'round-result')
      throw new Error('the line is no sum');
    return decoded.message.body;
  }

  /** Whose upload a frame ends. */
  uploaderOf(frame: Uint8Array): number {
    const decoded = decodeMessage(frame);
    return decoded.ok && decoded.message.kind === 'upload-end' ? decoded.message.body.member : -1;
  }

  #intercept(frame: Frame): readonly Frame[] {
    const decoded = decodeMessage(frame.bytes);
    if (!decoded.ok) return [frame];
    const { message } = decoded;
    if (message.kind !== 'vector-chunk') this.frames.push(frame);
    if (message.kind === 'vector-chunk') {
      const { roundContext, bytes, sequence } = message.body;
      const name = `${toHex(roundContext)} ${frame.from}`;
      // An upload that is sent again begins anew.
      this.#chunks.set(name, [...(sequence === 0 ? [] : (this.#chunks.get(name) ?? [])), bytes]);
    } else if (frame.from === 'coordinator') {
      this.#speak(message);
    } else {
      return this.#hear(frame, frame.from, message);
    }
    return [frame];
  }

  #hear(frame: Frame, from: number, message: Message): readonly Frame[] {
    const { swallows, cheat } = this.#scene;
    if (swallows?.(message, from) === true) return [];
    if (message.kind !== 'release' || cheat?.holder !== from) {
      this.#append(this.#recorder.accepted(message));
      return [frame];
    }
    const shares = message.body.shares.map((share) =>
      share.owner === cheat.owner ? { ...share, share: new Uint8Array(32).fill(1) } : share,
    );
    const body = { ...message.body, shares };
    const signature = signMessage(this.#crypto, this.identities.at(from) as Uint8Array, 'release', body);
    this.#append(this.#recorder.accepted({ kind: 'release', body, signature }, [cheat.owner]));
    return [{ ...frame, bytes: encodeMessage('release', body, signature) }];
  }

  #speak(message: Message): void {
    if (message.kind === 'evidence') {
      const { boxes, releases, adverts, proof } = message.body;
      const culprit =
        proof === 'bad-share' ? releases[0]?.body.member : (adverts[0]?.body.member ?? boxes[0]?.body.dealer);
      this.#append(this.#recorder.convicted(message, culprit ?? -1));
      return;
    }
    if (message.kind === 'survivors') {
      const { roundContext, uploads } = message.body;
      this.#keepMaskedSum(
        roundContext,
        uploads.map(({ member }) => member),
      );
    }
    const recorded = this.#recorder.sent(message);
    if (message.kind === 'round-result' && recorded.entries.length > 0) {
      this.logHead = nextLogHead(this.#crypto, this.logHead, message.body);
      const { roundContext, survivors } = message.body;
      this.#append(recorded, this.#vectorsOfRound(roundContext, survivors));
      return;
    }
    this.#append(recorded);
  }

  readonly #maskedSums = new Map<string, Uint8Array>();

  #uploadOf(context: Uint8Array, member: number): Uint8Array {
    const chunks = this.#chunks.get(`${toHex(context)} ${member}`) ?? [];
    const { dimension, bits } = this.#shape;
    const packed = new Uint8Array(packedLength(dimension, bits));
    let at = 0;
    for (const chunk of chunks) {
      packed.set(chunk, at);
      at += chunk.length;
    }
    return packed;
  }

  #keepMaskedSum(context: Uint8Array, survivors: readonly number[]): void {
    if (this.#maskedSums.has(toHex(context))) return;
    const { dimension, bits } = this.#shape;
    const sum = new Float64Array(dimension);
    const scratch = new Int32Array(dimension);
    for (const member of survivors) addToIntegerSum(this.#uploadOf(context, member), bits, sum, 0, scratch);
    this.#maskedSums.set(toHex(context), encodeIntegerSum(sum, integerSumWidth(bits, survivors.length)));
  }

  #vectorsOfRound(context: Uint8Array, survivors: readonly number[]): RoundVectors {
    const maskedSum = this.#maskedSums.get(toHex(context));
    return {
      ...(maskedSum === undefined ? {} : { maskedSum }),
      uploads: new Map(survivors.map((member) => [member, this.#uploadOf(context, member)])),
    };
  }

  #append({ entries, closes }: Recorded, vectors?: RoundVectors): void {
    for (const entry of entries) {
      const { line, tip } = appendEntry(this.#crypto, this.#tip, entry, this.#now());
      this.lines.push(line);
      this.#tip = tip;
      if (vectors !== undefined) this.vectors.set(line, vectors);
    }
    if (!closes) return;
    const signer = { identity: this.coordinatorIdentity, run: this.#run };
    const { line, tip } = appendHead(this.#crypto, this.#tip, signer, this.#now());
    this.lines.push(line);
    this.#tip = tip;
    const read = readEntry(line);
    if (read.ok && read.entry.type === 'head') {
      const { size, root, time, signature } = read.entry;
      this.head = { size, root, time, signature };
    }
  }

  #now(): number {
    this.#time += 250;
    return this.#time;
  }
}

/** The vectors of a recorded round with its opened sum, packed. */
export function withSum(vectors: RoundVectors, sum: Int32Array, bits: number): RoundVectors {
  const words = Int32Array.from(sum);
  liftWords(words, bits);
  const packed = new Uint8Array(packedLength(words.length, bits));
  packWords(words, bits, packed);
  return { ...vectors, sum: packed };
}
