/** A log as a person reads it: one line of text for each entry. Nothing is verified here. */
import { toHex } from '@tributary/crypto';
import { decodeMessage, type Message, type MessageKind, type Roster } from '@tributary/protocol';
import { type EntryOf, type EntryType, readEntry, rosterOf } from './entries.ts';

/** What lines say of earlier ones. */
interface Reader {
  roster: Roster | undefined;
  round: string;
}

type Line<T extends EntryType> = (reader: Reader, entry: EntryOf<T>) => string;

const short = (bytes: Uint8Array): string => toHex(bytes).slice(0, 16);

function messageIn<K extends MessageKind>(kind: K, frame: Uint8Array): Message<K> | undefined {
  const decoded = decodeMessage(frame);
  return decoded.ok && decoded.message.kind === kind ? (decoded.message as unknown as Message<K>) : undefined;
}

function namesOf({ roster }: Reader, members: readonly number[]): string {
  return members.map((id) => roster?.members[id]?.name ?? `member ${id}`).join(', ');
}

const UNREADABLE = 'cannot be read';

const LINES: { readonly [T in EntryType]: Line<T> } = {
  genesis(reader, { roster, run }) {
    reader.roster = rosterOf(roster);
    const { federation, version, members } = roster;
    return `${federation}, roster version ${version} with ${members.length} members; run ${short(run)}`;
  },
  roster(reader, { roster, approvals }) {
    reader.roster = rosterOf(roster);
    const { version, members } = roster;
    return `version ${version} with ${members.length} members, approved by ${approvals.map(({ member }) => member).join(', ')}`;
  },
  batch(_, { start, adverts }) {
    const terms = messageIn('batch-start', start)?.body;
    if (terms === undefined) return UNREADABLE;
    const { batch, cohort, graph, threshold, holders, colluders, minCohort, minSurvivors, keyCount } = terms;
    return `${batch}: ${adverts.length} of ${cohort.length} members, ${graph} graph, t ${threshold} of H ${holders}, c ${colluders}, floors ${minCohort} organisations and ${minSurvivors} members, ${keyCount} key indices`;
  },
  round(reader, { announce, start }) {
    const terms = messageIn('round-announce', announce)?.body.terms;
    const ready = messageIn('round-start', start)?.body.ready;
    if (terms === undefined || ready === undefined) return UNREADABLE;
    const { round, attempt, step, dimension, bits } = terms;
    reader.round = `round ${round}`;
    return `${round} (${step}), attempt ${attempt}: ${dimension} coordinates of ${bits} bits; taking part: ${namesOf(
      reader,
      ready.map(({ member }) => member),
    )}`;
  },
  upload(reader, { end }) {
    const body = messageIn('upload-end', end)?.body;
    if (body === undefined) return UNREADABLE;
    return `${reader.round}: ${namesOf(reader, [body.member])}, ${body.length} bytes, digest ${short(body.digest)}`;
  },
  survivors(reader, { set, signatures }) {
    const uploads = messageIn('survivors', set)?.body.uploads;
    if (uploads === undefined) return UNREADABLE;
    const names = namesOf(
      reader,
      uploads.map(({ member }) => member),
    );
    return `${reader.round}: ${uploads.length} (${names}), signed by ${signatures.length}`;
  },
  release(reader, { release, refused }) {
    const body = messageIn('release', release)?.body;
    if (body === undefined) return UNREADABLE;
    const self = body.shares.filter(({ kind }) => kind === 'self').length;
    const wrong = refused.length === 0 ? '' : `; refused those of ${namesOf(reader, refused)}`;
    return `${reader.round}: ${namesOf(reader, [body.member])} gives ${self} shares of self seeds and ${body.shares.length - self} of round keys${wrong}`;
  },
  sum(reader, { result }) {
    const body = messageIn('round-result', result)?.body;
    if (body === undefined) return UNREADABLE;
    return `${reader.round} opened over ${body.survivors.length} members, digest ${short(body.digest)}`;
  },
  abort(reader, { aborted, announce }) {
    const body = messageIn('round-aborted', aborted)?.body;
    const terms = announce && messageIn('round-announce', announce)?.body.terms;
    if (body === undefined) return UNREADABLE;
    const which = terms === undefined ? reader.round : `round ${terms.round}, attempt ${terms.attempt}`;
    return `${which} ended in ${body.phase}: ${body.code}, ${body.detail}`;
  },
  evidence(reader, { evidence, culprit }) {
    const body = messageIn('evidence', evidence)?.body;
    return body === undefined ? UNREADABLE : `${body.proof} against ${namesOf(reader, [culprit])}`;
  },
  end(_, { ended }) {
    const body = messageIn('run-ended', ended)?.body;
    return body === undefined
      ? UNREADABLE
      : `${body.outcome} after ${body.rounds} sums${body.detail === '' ? '' : `: ${body.detail}`}`;
  },
  budget(_, { ledger }) {
    const { type, round, attempt, charge } = ledger;
    const of = typeof round === 'number' ? ` round ${round} attempt ${Number(attempt)}` : '';
    return `${typeof type === 'string' ? type : UNREADABLE}${of}${typeof charge === 'string' ? `: ${charge}` : ''}`;
  },
  head(_, { size, root }) {
    return `${size} lines, root ${short(root)}`;
  },
};

/** An entry for people. */
export interface ShownEntry {
  /** Number of the line, from 1. */
  readonly entry: number;
  /** Of the entry, or the code of why it is none. */
  readonly type: string;
  /** Milliseconds since 1970 by the coordinator's clock, where the line is an entry. */
  readonly time: number | undefined;
  /** What peers wrote stands in it: whoever prints it strips control characters. */
  readonly text: string;
}

/** What the lines of a log say, in order. */
export function* showLog(lines: Iterable<Uint8Array>): Generator<ShownEntry, void, void> {
  const reader: Reader = { roster: undefined, round: 'round ?' };
  let number = 0;
  for (const line of lines) {
    number += 1;
    const read = readEntry(line);
    if (!read.ok) {
      yield { entry: number, type: read.code, time: undefined, text: read.reason };
      continue;
    }
    const { entry } = read;
    const said = (LINES[entry.type] as Line<EntryType>)(reader, entry);
    yield { entry: number, type: entry.type, time: entry.time, text: said };
  }
}
