/** What processes leave behind: journals, sums, secrets; and what must hold of them, whoever died how often. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, packedLength, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { startTraining } from '@tributary/client';
import type { SumRecord } from '@tributary/coordinator';
import {
  type ClientEvent,
  type CoordinatorEvent,
  decodeClientEvent,
  decodeCoordinatorEvent,
} from '@tributary/protocol';
import {
  decodeManifest,
  type JournalHeader,
  openStateDirectory,
  readJournalHeader,
  readKeyFile,
} from '@tributary/runtime';
import { decodeBatchSecrets } from '../../packages/runtime/src/stores/batch-secrets-format.ts';
import { toyDataset } from '../support/toy-data.ts';
import { Spoken } from './spoken.ts';
import { NO_PROOF } from '../support/opening-proof.ts';

interface Journal<Event> {
  readonly header: JournalHeader;
  readonly events: readonly Event[];
}

async function readJournal<Event>(
  state: string,
  decode: (record: Uint8Array) => { readonly ok: true; readonly event: Event } | { readonly ok: false },
): Promise<Journal<Event>> {
  const [run = ''] = readdirSync(state).filter((name) => name.endsWith('.closed'));
  const opened = await openStateDirectory(join(state, run));
  try {
    const header = await readJournalHeader(opened.log);
    if (header === undefined) throw new Error(`${state} holds no journal`);
    const events: Event[] = [];
    let first = true;
    for await (const record of opened.log.read()) {
      const decoded = first ? undefined : decode(record);
      first = false;
      if (decoded?.ok === false) throw new Error(`${state} holds what is no event`);
      if (decoded !== undefined) events.push(decoded.event);
    }
    return { header, events };
  } finally {
    await opened.close();
  }
}

export const coordinatorJournal = (directory: string): Promise<Journal<CoordinatorEvent>> =>
  readJournal(join(directory, 'output', 'state'), decodeCoordinatorEvent);

export const clientJournal = (directory: string, member: number): Promise<Journal<ClientEvent>> =>
  readJournal(join(directory, `org-${member}.state`), decodeClientEvent);

/** Everything that the journals know to have been said. */
export async function spokenIn(directory: string, members: number): Promise<Spoken> {
  const spoken = new Spoken();
  for (const event of (await coordinatorJournal(directory)).events) {
    if ('message' in event) spoken.note(event.from, event.message);
  }
  for (let member = 0; member < members; member++) {
    for (const event of (await clientJournal(directory, member)).events) {
      if ('message' in event) spoken.note('coordinator', event.message);
    }
  }
  return spoken;
}

/** Key indices of a journal that were taken for more than one attempt. */
export async function keyIndicesUsedTwice(directory: string): Promise<string[]> {
  const { events } = await coordinatorJournal(directory);
  const used = events.flatMap((event) =>
    event.kind === 'round-requested' ? [`${toHex(event.terms.batchContext)} ${event.terms.keyIndex}`] : [],
  );
  return used.filter((index, i) => used.indexOf(index) !== i);
}

function sumRecords(directory: string): SumRecord[] {
  const lines = readFileSync(join(directory, 'output', 'sums.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SumRecord);
}

function readWords(path: string): Int32Array {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** Rounds whose sum is not that of its survivors' vectors, which every member computes from its data and the sums before. */
export async function wrongSums(directory: string, members: number): Promise<number[]> {
  const { header } = await coordinatorJournal(directory);
  const trainings = Array.from({ length: members }, (_, member) =>
    startTraining({
      crypto: nodeBackend,
      manifest: decodeManifest(header.manifest),
      run: header.run,
      identity: readKeyFile(join(directory, `org-${member}.key`)).secretKey,
      data: toyDataset(member),
    }),
  );
  return sumRecords(directory).flatMap((record) => {
    const sum = readWords(join(directory, 'output', record.file));
    const wanted = new Int32Array(record.dimension);
    const survivors = record.survivors.map((name) => Number(name.slice('org-'.length)));
    for (const member of survivors) {
      trainings[member]?.contribution().forEach((word, i) => (wanted[i] = (wanted[i] ?? 0) + word));
    }
    const result = {
      round: record.round,
      attempt: record.attempt,
      roundContext: fromHex(record.roundContext) ?? new Uint8Array(0),
      survivors,
      survivorsDigest: fromHex(record.survivorsDigest) ?? new Uint8Array(0),
      length: packedLength(record.dimension, record.bits),
      digest: fromHex(record.digest) ?? new Uint8Array(0),
      proof: NO_PROOF,
    };
    for (const training of trainings) training.accept(result, sum.slice());
    return sum.length === wanted.length && sum.every((word, i) => word === wanted[i]) ? [] : [record.round];
  });
}

/** Secrets, uploads and sums of open rounds that are still in a state directory. */
export function leftBehind(state: string): string[] {
  const names = readdirSync(state, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\/(secrets|blobs)\/./.test(name));
}

/** Every secret that a member has on its disk now, each at least 32 bytes. */
export function secretsOnDisk(directory: string, member: number): Uint8Array[] {
  const state = join(directory, `org-${member}.state`);
  const files = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.secrets'),
  );
  return files.flatMap((name) => {
    const context = fromHex(name.slice(-'.secrets'.length - 64, -'.secrets'.length)) ?? new Uint8Array(0);
    const decoded = decodeBatchSecrets(context, readFileSync(join(state, name)));
    if (!decoded.ok) throw new Error(`${name} ${decoded.fault}`);
    const { sealingSecret, roundSecrets, selfSeeds, held, dealt } = decoded.secrets;
    const shares = [...held.values(), ...dealt.values()].map((payload) => payload.slice(0, 32));
    return [sealingSecret, ...roundSecrets, ...selfSeeds, ...shares];
  });
}

/** Secrets that stand in the journal of a member, or in what was logged, in any form that we write bytes in. */
export function secretsThatLeaked(
  directory: string,
  member: number,
  secrets: readonly Uint8Array[],
  logged: string,
): number {
  const state = join(directory, `org-${member}.state`);
  const journals = readdirSync(state, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('events.log'))
    .map((name) => readFileSync(join(state, name)));
  return secrets.filter(
    (secret) =>
      journals.some((journal) => journal.includes(Buffer.from(secret))) ||
      logged.includes(toHex(secret)) ||
      logged.includes(toBase64(secret)) ||
      logged.includes([...secret].join(',')),
  ).length;
}
