/**
 * What a log has in its lines. Messages that change privacy stand in it as their frames, so that every signature can be checked again.
 * A new type of entry is an interface and a line of `ENTRY_SHAPES` here, its rule in `verify/rules.ts`, and its line in `show.ts`; the
 * compiler asks for all of them.
 */
import { utf8 } from '@tributary/crypto';
import { MAX_MANIFEST_LENGTH, type Roster, type RosterApproval } from '@tributary/protocol';
import { canonicalJson, type JsonObject, type JsonValue, parseCanonicalJson } from './canonical-json.ts';
import { type Finding, finding } from './errors.ts';
import {
  anyObject,
  base64,
  hex,
  integer,
  type JsonShape,
  list,
  MalformedEntry,
  object,
  optional,
  text,
} from './json-shape.ts';

/** Version of the log's format, in the first entry. */
export const LOG_VERSION = 1;

export type RosterMember = Omit<Roster['members'][number], 'id'>;

/** A roster as a log has it: ids are positions. */
export interface LoggedRoster {
  readonly federation: string;
  readonly version: number;
  readonly coordinatorKey: Uint8Array;
  readonly members: readonly RosterMember[];
  readonly committee?: readonly number[] | undefined;
}

/** The first entry: who, and what they train. */
export interface GenesisEntry {
  readonly type: 'genesis';
  readonly version: number;
  readonly roster: LoggedRoster;
  /** The run's public definition, as its members were given it. */
  readonly manifest: string;
  /** Digest of the manifest. */
  readonly run: Uint8Array;
}

/** The next version of the roster, with the approvals of organisations of the one before. */
export interface RosterEntry {
  readonly type: 'roster';
  readonly roster: LoggedRoster;
  readonly approvals: readonly RosterApproval[];
}

/** A setup. The frames of `batch-start`, and of each member in U1 its `key-advert`; of the committee each `draw-reveal`. */
export interface BatchEntry {
  readonly type: 'batch';
  readonly start: Uint8Array;
  readonly adverts: readonly Uint8Array[];
  readonly reveals: readonly Uint8Array[];
}

/** An attempt at a round that began: the frames of `round-announce` and `round-start`. */
export interface RoundEntry {
  readonly type: 'round';
  readonly announce: Uint8Array;
  readonly start: Uint8Array;
}

/** One member's signed digest of its masked vector: the frame of its `upload-end`. */
export interface UploadEntry {
  readonly type: 'upload';
  readonly end: Uint8Array;
}

export interface SignatureOfMember {
  readonly member: number;
  readonly signature: Uint8Array;
}

/** The one survivor set of the round, before anything is released: the frame of `survivors` and who signed its digest. */
export interface SurvivorsEntry {
  readonly type: 'survivors';
  readonly set: Uint8Array;
  readonly signatures: readonly SignatureOfMember[];
  /** SHA-256 of the integer sum of the masked uploads: the coordinator is bound to it before the challenge is known. */
  readonly maskedSum: Uint8Array;
}

/** The frame of one member's `release`. */
export interface ReleaseEntry {
  readonly type: 'release';
  readonly release: Uint8Array;
  /** Owners whose shares in it did not open what was committed to; the coordinator did not use them. */
  readonly refused: readonly number[];
}

/** An opened sum: the frame of `round-result`, with the digest of the packed sum in it. */
export interface SumEntry {
  readonly type: 'sum';
  readonly result: Uint8Array;
}

/** An attempt without a sum: the frame of `round-aborted`, and of `round-announce` where it ended before it began. */
export interface AbortEntry {
  readonly type: 'abort';
  readonly aborted: Uint8Array;
  readonly announce?: Uint8Array | undefined;
}

/** The frame of `evidence` against a member. */
export interface EvidenceEntry {
  readonly type: 'evidence';
  readonly evidence: Uint8Array;
  readonly culprit: number;
}

/** The frame of `run-ended`: nothing follows but a head. */
export interface EndEntry {
  readonly type: 'end';
  readonly ended: Uint8Array;
}

/**
 * What the entry before it does to the privacy budget of the run: an entry of its ledger, as `ledgerEntryToJson` of @tributary/privacy gives it.
 * It says nothing that does not follow from the messages, and a verifier holds it against them; it is there to be read.
 */
export interface BudgetEntry {
  readonly type: 'budget';
  readonly ledger: JsonObject;
}

/**
 * The coordinator's signature over the tree of all lines before this one. The hashes of the lines since the head before let a verifier
 * say which of them was changed.
 */
export interface HeadEntry {
  readonly type: 'head';
  readonly size: number;
  readonly root: Uint8Array;
  readonly leaves: readonly Uint8Array[];
  readonly signature: Uint8Array;
}

export type AuditEntry =
  | GenesisEntry
  | RosterEntry
  | BatchEntry
  | RoundEntry
  | UploadEntry
  | SurvivorsEntry
  | ReleaseEntry
  | SumEntry
  | AbortEntry
  | EvidenceEntry
  | EndEntry
  | BudgetEntry
  | HeadEntry;

export type EntryType = AuditEntry['type'];
export type EntryOf<T extends EntryType> = Extract<AuditEntry, { type: T }>;

/** An entry and when it was written, in milliseconds since 1970 by the coordinator's clock: for people, nobody vouches for it. */
export type TimedEntry<T extends EntryType = EntryType> = {
  readonly [K in T]: EntryOf<K> & { readonly time: number };
}[T];

const memberId = integer(0, 65_535);
const frame = base64();
const name = text(64);

const rosterShape: JsonShape<LoggedRoster> = object<LoggedRoster>({
  federation: name,
  version: integer(),
  coordinatorKey: base64(32),
  members: list(object<RosterMember>({ name, organisation: name, publicKey: base64(32) })),
  committee: optional(list(memberId)),
});

const signatures = list(object<SignatureOfMember>({ member: memberId, signature: base64(64) }));

/** The fields of each type, but for `type` and `time`, which all have. */
const ENTRY_SHAPES: { readonly [T in EntryType]: JsonShape<Omit<EntryOf<T>, 'type'>> } = {
  genesis: object<Omit<GenesisEntry, 'type'>>({
    version: integer(),
    roster: rosterShape,
    manifest: text(MAX_MANIFEST_LENGTH),
    run: hex(32),
  }),
  roster: object<Omit<RosterEntry, 'type'>>({
    roster: rosterShape,
    approvals: list(object<RosterApproval>({ member: name, signature: base64(64) })),
  }),
  batch: object<Omit<BatchEntry, 'type'>>({ start: frame, adverts: list(frame), reveals: list(frame) }),
  round: object<Omit<RoundEntry, 'type'>>({ announce: frame, start: frame }),
  upload: object<Omit<UploadEntry, 'type'>>({ end: frame }),
  survivors: object<Omit<SurvivorsEntry, 'type'>>({ set: frame, signatures, maskedSum: hex(32) }),
  release: object<Omit<ReleaseEntry, 'type'>>({ release: frame, refused: list(memberId) }),
  sum: object<Omit<SumEntry, 'type'>>({ result: frame }),
  abort: object<Omit<AbortEntry, 'type'>>({ aborted: frame, announce: optional(frame) }),
  evidence: object<Omit<EvidenceEntry, 'type'>>({ evidence: frame, culprit: memberId }),
  end: object<Omit<EndEntry, 'type'>>({ ended: frame }),
  budget: object<Omit<BudgetEntry, 'type'>>({ ledger: anyObject }),
  head: object<Omit<HeadEntry, 'type'>>({
    size: integer(),
    root: hex(32),
    leaves: list(hex(32)),
    signature: base64(64),
  }),
};

export const ENTRY_TYPES: readonly EntryType[] = Object.keys(ENTRY_SHAPES) as EntryType[];

const timeShape = integer();

/** The bytes of an entry's line, without the line feed behind it: a leaf of the tree. */
export function encodeEntry({ time, type, ...fields }: TimedEntry): Uint8Array {
  const shape = ENTRY_SHAPES[type] as JsonShape<object>;
  return utf8(canonicalJson({ ...(shape.write(fields) as object), type, time: timeShape.write(time) }));
}

export type ReadEntry =
  | { readonly ok: true; readonly entry: TimedEntry }
  | ({ readonly ok: false } & Finding);

/** The entry of a line; any bytes give an entry or a fault. */
export function readEntry(line: Uint8Array): ReadEntry {
  const json = parseCanonicalJson(line);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { ok: false, ...finding('NOT_CANONICAL', 'the line is no JSON object in canonical form') };
  }
  const { type, time, ...fields } = json as { readonly [key: string]: JsonValue };
  if (typeof type !== 'string' || !Object.hasOwn(ENTRY_SHAPES, type)) {
    return { ok: false, ...finding('UNKNOWN_TYPE', `type ${JSON.stringify(type)} is unknown`) };
  }
  try {
    const shape = ENTRY_SHAPES[type as EntryType] as JsonShape<object>;
    const read = { ...shape.read(fields, ''), type, time: timeShape.read(time, 'time') };
    return { ok: true, entry: read as TimedEntry };
  } catch (error) {
    if (!(error instanceof MalformedEntry)) throw error;
    return { ok: false, ...finding('MALFORMED', `${type}: ${error.message}`) };
  }
}

/** A roster as a log has it, with ids. */
export function rosterOf({ members, committee, ...rest }: LoggedRoster): Roster {
  const numbered = members.map((member, id) => ({ id, ...member }));
  return { ...rest, members: numbered, ...(committee === undefined ? {} : { committee }) };
}

export function loggedRoster({
  federation,
  version,
  coordinatorKey,
  members,
  committee,
}: Roster): LoggedRoster {
  return {
    federation,
    version,
    coordinatorKey,
    members: members.map(({ name: called, organisation, publicKey }) => ({
      name: called,
      organisation,
      publicKey,
    })),
    committee,
  };
}
