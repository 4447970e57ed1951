import { toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  CHUNK_WORDS,
  type ClientPhase,
  EMPTY_LOG_HEAD,
  type ExpectedRound,
  memorySecretStore,
  type Message,
  type Rejection,
  startClient,
  stepClient,
} from '@tributary/protocol';
import { JournaledMachine, memoryBlobStore, VectorWork } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import { KeptVectors } from './kept-vectors.ts';
import { type ParticipantEvents, RoundParticipant } from './round-participant.ts';
import { testFederation } from './testing/federation.ts';
import { type ResultMessages, SmallCoordinator } from './testing/small-coordinator.ts';

const federation = testFederation(4);
const RUN = new Uint8Array(32).fill(7);
/** Two chunks of an upload. */
const DIMENSION = CHUNK_WORDS + 8;
const BITS = 20;

const expectedRound = (round: number): ExpectedRound => ({
  round,
  planHash: new Uint8Array(32).fill(1),
  modelHash: new Uint8Array(32).fill(2),
  dimension: DIMENSION,
  bits: BITS,
  inputBound: 1000,
  noiseMargin: 0,
  encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
  privacy: new Uint8Array(0),
  logHead: EMPTY_LOG_HEAD,
});

const POLICY = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };

const vectorOf = (member: number): Int32Array =>
  Int32Array.from({ length: DIMENSION }, (_, i) => ((i * (member + 3)) % 2001) - 1000);

/** Vectors are compared by their digests. */
const digestOf = (words: Int32Array): string =>
  toHex(nodeBackend.sha256(new Uint8Array(words.buffer, words.byteOffset, words.byteLength)));

function sumOf(...members: number[]): string {
  const sum = new Int32Array(DIMENSION);
  for (const member of members) vectorOf(member).forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
  // As it is unpacked: the low bits of each word.
  return digestOf(sum.map((word) => word & (2 ** BITS - 1)));
}

/** Four participants around a coordinator, without sockets; `events` are those of member 0. */
class Circle {
  readonly coordinator: SmallCoordinator;
  readonly participants: readonly RoundParticipant[];
  /** What member 0 went through. */
  readonly sums: string[] = [];
  readonly phases: ClientPhase[] = [];
  readonly rejections: Rejection[] = [];
  readonly failures: unknown[] = [];
  readonly uploads: number[] = [];
  readonly secrets = memorySecretStore();
  /** Contexts of the batches that member 0 was asked to make keys for. */
  readonly batches: Uint8Array[] = [];
  /** What member 0 keeps across restarts. */
  readonly blobs = memoryBlobStore();
  /** What the coordinator told member 0. */
  readonly heard: Message[] = [];
  /** Everything that member 0 said. */
  readonly said: Message[] = [];

  constructor(events: Partial<ParticipantEvents> = {}) {
    this.coordinator = new SmallCoordinator(federation, RUN, async (member, message) => {
      if (member === 0) this.heard.push(message);
      await this.participants[member]?.receive(message);
    });
    this.participants = federation.roster.members.map(({ id }) =>
      this.#participant(id, id === 0 ? events : {}),
    );
  }

  #participant(id: number, events: Partial<ParticipantEvents>): RoundParticipant {
    const { roster, identities } = federation;
    const identity = identities[id] ?? new Uint8Array(32);
    const own = id === 0;
    const store = own ? this.secrets : memorySecretStore();
    const participant = new RoundParticipant(
      { crypto: nodeBackend, random: nodeRandomBytes, self: id, identity, store },
      new JournaledMachine(
        (state, event) => stepClient(nodeBackend, state, event),
        startClient(nodeBackend, { self: id, roster, run: RUN, policy: POLICY }),
        { append: async () => {} },
      ),
      new KeptVectors(nodeBackend, own ? this.blobs : memoryBlobStore()),
      new VectorWork({ threads: 0 }),
      {
        contribute: () => vectorOf(id),
        onInputFailed: (error) => void (own && this.failures.push(error)),
        onResult: (_, sum) => void (own && this.sums.push(digestOf(sum))),
        onPhase: (phase) => void (own && this.phases.push(phase)),
        onReject: (rejection) => void (own && this.rejections.push(rejection)),
        onUploaded: (bytes) => void (own && this.uploads.push(bytes)),
        onVoid: () => {},
        onHead: async () => {},
        onEvidence: async () => {},
        ...events,
      },
    );
    participant.attach({
      send: async (kind, body, signature) => {
        const message = { kind, body, signature } as unknown as Message;
        if (own) this.said.push(message);
        if (own && message.kind === 'key-advert') this.batches.push(message.body.batchContext);
        this.coordinator.hear(id, message);
      },
    });
    return participant;
  }

  async expect(round: number): Promise<void> {
    for (const participant of this.participants) await participant.expect(expectedRound(round));
  }

  /** Opens the sum of a round; its result is not delivered yet. */
  async open(round: number): Promise<ResultMessages> {
    await this.expect(round);
    if (round === 1) await this.coordinator.openBatch(1);
    const result = await this.coordinator.openRound(expectedRound(round));
    if (result === undefined) throw new Error('the round was aborted');
    return result;
  }

  async deliver(messages: ResultMessages): Promise<void> {
    for (const message of messages) await this.participants[0]?.receive(message);
  }
}

type Chunk = Message<'vector-chunk'>;
const isChunk = (message: Message): message is Chunk => message.kind === 'vector-chunk';

function withChunk(
  result: ResultMessages,
  at: number,
  change: (chunk: Chunk) => readonly Chunk[],
): ResultMessages {
  return result.flatMap<Message>((message, i) =>
    i === at && isChunk(message) ? change(message) : [message],
  );
}

const changed = (chunk: Chunk, body: Partial<Chunk['body']>): Chunk => ({
  ...chunk,
  body: { ...chunk.body, ...body },
});

describe('a participant', () => {
  it('takes part in a round from setup to the opened sum', async () => {
    const circle = new Circle();
    await circle.deliver(await circle.open(1));
    expect(circle.phases).toEqual(['setup', 'ready', 'masked-input', 'consistency', 'unmask']);
    expect(circle.uploads).toEqual([(DIMENSION * BITS) / 8]);
    expect(circle.sums).toEqual([sumOf(0, 1, 2, 3)]);
    expect(circle.rejections).toEqual([]);
    expect(circle.coordinator.drops).toEqual([]);
  });

  it('keeps its masked vector until the round is over for it', async () => {
    const kept: string[][] = [];
    const circle: Circle = new Circle({
      onPhase: async () => void kept.push([...(await circle.blobs.list())]),
    });
    await circle.deliver(await circle.open(1));
    const [upload = ''] = kept[3] ?? [];
    expect(upload).toMatch(/^upload-[0-9a-f]{64}$/);
    expect(kept).toEqual([[], [], [], [upload], [upload]]);
    expect(await circle.blobs.list()).toEqual(['sum-00001']);
  });

  it('without the secrets of its batch is missing, and goes on', async () => {
    const circle = new Circle({
      onPhase: (phase) => {
        if (phase !== 'masked-input') return;
        for (const context of circle.batches) circle.secrets.forget(context);
      },
    });
    const result = await circle.open(1);
    expect(circle.coordinator.drops).toMatchObject([
      {
        member: 0,
        reason: 'refused-by-client-policy',
        detail: 'INPUT_FAILED: the member has lost its secrets',
      },
    ]);
    await circle.deliver(result);
    expect(circle.sums).toEqual([sumOf(1, 2, 3)]);
    expect(circle.failures).toMatchObject([{ message: 'the secrets of this batch are gone' }]);
  });

  it('advertises no other keys for a batch whose secrets are lost', async () => {
    const circle = new Circle();
    await circle.expect(1);
    await circle.coordinator.openBatch(1);
    const again = circle.heard.find(({ kind }) => kind === 'batch-start');
    if (again === undefined) throw new Error('no batch was begun');
    await circle.deliver([again]);
    expect(circle.batches).toHaveLength(2);
    for (const context of circle.batches) circle.secrets.forget(context);
    await circle.deliver([again]);
    expect(circle.batches).toHaveLength(2);
    expect(circle.failures).toMatchObject([{ message: 'the secrets of this batch are gone' }]);
  });

  it('sends its vector masked, in chunks of a known size', async () => {
    const circle = new Circle();
    await circle.open(1);
    const chunks = circle.said.filter(isChunk);
    expect(chunks.map(({ body }) => [body.sequence, body.bytes.length])).toEqual([
      [0, (CHUNK_WORDS * BITS) / 8],
      [1, (8 * BITS) / 8],
    ]);
    const again = new Circle();
    await again.open(1);
    const first = again.said.find(isChunk)?.body.bytes ?? new Uint8Array(0);
    expect(Buffer.compare(first, chunks[0]?.body.bytes ?? new Uint8Array(0))).not.toBe(0);
  });

  it('holds each phase until it is let go', async () => {
    const held: string[] = [];
    const circle = new Circle({
      onPhase: async (phase) => {
        held.push(`${phase} begins`);
        await new Promise(setImmediate);
        held.push(`${phase} with ${circle.said.length} said`);
      },
    });
    await circle.open(1);
    expect(held.slice(0, 4)).toEqual([
      'setup begins',
      'setup with 0 said',
      'ready begins',
      'ready with 2 said',
    ]);
  });
});

describe('a participant that has nothing to give', () => {
  it.each<[string, ParticipantEvents['contribute']]>([
    [
      'because its program fails',
      () => {
        throw new Error('model gpt-secret is not in our logs');
      },
    ],
    [
      'because its data cannot be read',
      async () => {
        throw new Error('/home/acme/logs: gone');
      },
    ],
    ['but a vector of another length', () => new Int32Array(3)],
  ])('%s says so and no more, and the others go on', async (_, contribute) => {
    let fails = true;
    const circle = new Circle({ contribute: (attempt) => (fails ? contribute(attempt) : vectorOf(0)) });
    const result = await circle.open(1);
    const refusals = circle.said.filter(({ kind }) => kind === 'refusal');
    expect(refusals.map(({ body }) => body)).toEqual([
      { member: 0, round: 1, code: 'INPUT_FAILED', detail: 'the reason is in the log of the member' },
    ]);
    expect(circle.failures).toHaveLength(1);
    expect(circle.coordinator.drops).toMatchObject([{ member: 0, reason: 'refused-by-client-policy' }]);
    await circle.deliver(result);
    expect(circle.sums).toEqual([sumOf(1, 2, 3)]);
    fails = false;
    await circle.deliver(await circle.open(2));
    expect(circle.sums[1]).toEqual(sumOf(0, 1, 2, 3));
  });
});

describe('a result', () => {
  const digestFault = {
    code: 'DIGEST_MISMATCH',
    from: 'coordinator',
    detail: 'the sum of round 1 does not have its signed digest',
  };

  it.each<[string, (result: ResultMessages) => ResultMessages]>([
    [
      'with one bit changed',
      (result) =>
        withChunk(result, 0, (chunk) => [
          changed(chunk, { bytes: chunk.body.bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) }),
        ]),
    ],
    ['without its first chunk', (result) => result.slice(1)],
    ['without any chunk', (result) => result.slice(-1)],
    ['with a chunk twice', (result) => withChunk(result, 0, (chunk) => [chunk, chunk])],
    [
      'with bytes behind it',
      (result) => withChunk(result, 1, (chunk) => [chunk, changed(chunk, { bytes: Uint8Array.of(0) })]),
    ],
    [
      'with its chunks in another order',
      (result) => [...result.slice(0, 2).toReversed(), ...result.slice(2)],
    ],
    [
      'whose last chunk is of another context',
      (result) => withChunk(result, 1, (chunk) => [changed(chunk, { roundContext: new Uint8Array(32) })]),
    ],
    [
      'with far more bytes than a sum has',
      (result) =>
        withChunk(result, 0, (chunk) => [
          ...Array<Chunk>(300).fill(changed(chunk, { bytes: new Uint8Array(4 * CHUNK_WORDS) })),
          chunk,
        ]),
    ],
  ])('%s is refused and changes nothing: the right one is taken after it', async (_, corrupt) => {
    const circle = new Circle();
    const result = await circle.open(1);
    await circle.deliver(corrupt(result));
    expect(circle.rejections).toEqual([digestFault]);
    expect(circle.sums).toEqual([]);
    await circle.deliver(result);
    expect(circle.sums).toEqual([sumOf(0, 1, 2, 3)]);
  });

  it('over another survivor set than the signed one is refused, also after a corrupt one', async () => {
    const circle = new Circle();
    const result = await circle.open(1);
    await circle.deliver(result.slice(1));
    const last = result.at(-1) as Message<'round-result'>;
    const forged = circle.coordinator.signed('round-result', { ...last.body, survivors: [0, 1, 2] });
    await circle.deliver([...result.slice(0, -1), forged]);
    expect(circle.rejections.map(({ code }) => code)).toEqual(['DIGEST_MISMATCH', 'EQUIVOCATION']);
    expect(circle.sums).toEqual([]);
  });

  it.each<
    [string, (body: Message<'round-result'>['body']) => Partial<Message<'round-result'>['body']>, string]
  >([
    ['of another round', () => ({ round: 2 }), 'WRONG_CONTEXT'],
    ['that says it is of four gigabytes', () => ({ length: 2 ** 32 - 1 }), 'LENGTH_MISMATCH'],
    ['that says it is of another length', ({ length }) => ({ length: length - 1 }), 'LENGTH_MISMATCH'],
    ['of a survivor outside the roster', () => ({ survivors: [0, 1, 2, 9] }), 'NOT_A_MEMBER'],
  ])('%s is refused', async (_, change, code) => {
    const circle = new Circle();
    const result = await circle.open(1);
    const { body } = result.at(-1) as Message<'round-result'>;
    await circle.deliver([
      ...result.slice(0, -1),
      circle.coordinator.signed('round-result', { ...body, ...change(body) }),
    ]);
    expect(circle.rejections.map((rejection) => rejection.code)).toEqual([code]);
    expect(circle.sums).toEqual([]);
  });

  it('is taken once', async () => {
    const circle = new Circle();
    const result = await circle.open(1);
    await circle.deliver(result);
    await circle.deliver(result);
    expect(circle.sums).toHaveLength(1);
    expect(circle.rejections.map(({ code }) => code)).toEqual(['WRONG_CONTEXT']);
  });

  it('is taken by a member that took no part', async () => {
    const circle = new Circle();
    await circle.expect(1);
    await circle.coordinator.openBatch(1);
    circle.coordinator.lose(0);
    const result = await circle.coordinator.openRound(expectedRound(1));
    await circle.deliver(result ?? []);
    expect(circle.sums).toEqual([sumOf(1, 2, 3)]);
  });
});

describe('a connection that is lost', () => {
  it('takes what had arrived of a result with it', async () => {
    const circle = new Circle();
    const result = await circle.open(1);
    await circle.deliver(result.slice(0, 1));
    await circle.participants[0]?.detach();
    await circle.deliver(result);
    expect(circle.sums).toEqual([sumOf(0, 1, 2, 3)]);
    expect(circle.rejections).toEqual([]);
  });

  it('in mid-upload cuts the upload off, and the member lives', async () => {
    const circle: Circle = new Circle({
      contribute: async () => {
        circle.coordinator.lose(0);
        await circle.participants[0]?.detach();
        return vectorOf(0);
      },
    });
    await circle.expect(1);
    await circle.coordinator.openBatch(1);
    const result = await circle.coordinator.openRound(expectedRound(1));
    expect(circle.said.filter(({ kind }) => kind === 'upload-end' || kind === 'vector-chunk')).toEqual([]);
    await circle.deliver(result ?? []);
    expect(circle.sums).toEqual([sumOf(1, 2, 3)]);
  });
});
