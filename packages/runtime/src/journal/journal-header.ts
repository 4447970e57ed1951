/** First record of a journal: which run it is of, and whose. A journal of another run is never replayed. */
import { equalBytes, toHex } from '@tributary/crypto';
import { decodePlain, encodePlain, MACHINE_VERSION } from '@tributary/protocol';
import { z } from 'zod';
import { RuntimeError } from '../errors.ts';

export interface JournalHeader {
  /** Protocol version of the process that began the journal: another one's machines may step otherwise. */
  readonly protocolVersion: number;
  readonly federation: string;
  readonly rosterRoot: Uint8Array;
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  /** A member's id. */
  readonly self: number | 'coordinator';
  /** The run's manifest as it travels. */
  readonly manifest: string;
}

/** Counts formats of the records, which are private to this program. */
const FORMAT = 2;

/** For whoever finds a journal that this version of the program cannot replay. */
const FINISH_OR_BEGIN_ANEW =
  'finish the run with the version of tributary that it was begun with, or begin another run: the coordinator with another output';

const bytes32 = z.instanceof(Uint8Array).refine((bytes) => bytes.length === 32);

const schema = z.strictObject({
  kind: z.literal('tributary-journal'),
  format: z.literal(FORMAT),
  machineVersion: z.int(),
  protocolVersion: z.int(),
  federation: z.string(),
  rosterRoot: bytes32,
  run: bytes32,
  self: z.union([z.int(), z.literal('coordinator')]),
  manifest: z.string(),
});

export function encodeHeader(header: JournalHeader): Uint8Array {
  const versions = { format: FORMAT, machineVersion: MACHINE_VERSION };
  return encodePlain({ kind: 'tributary-journal', ...versions, ...header });
}

/** @throws RuntimeError BAD_FILE where the record is no header, of another format, or of a journal that replays otherwise */
export function decodeHeader(record: Uint8Array): JournalHeader {
  const decoded = decodePlain(record);
  const parsed = schema.safeParse(decoded.ok ? decoded.value : undefined);
  if (parsed.success) {
    const { machineVersion, protocolVersion, federation, rosterRoot, run, self, manifest } = parsed.data;
    if (machineVersion !== MACHINE_VERSION) throw otherMachines(run, machineVersion);
    return { protocolVersion, federation, rosterRoot, run, self, manifest };
  }
  throw new RuntimeError(
    'BAD_FILE',
    'the journal does not begin with a header that this version of tributary knows',
    FINISH_OR_BEGIN_ANEW,
  );
}

function otherMachines(run: Uint8Array, version: number): RuntimeError {
  return new RuntimeError(
    'BAD_FILE',
    `the journal of run ${toHex(run).slice(0, 16)} is of rules ${version}, this version of tributary replays rules ${MACHINE_VERSION}`,
    FINISH_OR_BEGIN_ANEW,
  );
}

/** @throws RuntimeError BAD_CONFIG naming the first difference */
export function requireSameHeader(found: JournalHeader, due: JournalHeader): void {
  const difference = differenceOf(found, due);
  if (difference === undefined) return;
  throw new RuntimeError(
    'BAD_CONFIG',
    `the journal of this run is of another ${difference}`,
    'go on with what the run was begun with, or start in a new state directory',
  );
}

function differenceOf(found: JournalHeader, due: JournalHeader): string | undefined {
  if (!equalBytes(found.run, due.run)) return `run, ${toHex(found.run).slice(0, 16)}`;
  if (found.protocolVersion !== due.protocolVersion) return `protocol version, ${found.protocolVersion}`;
  if (found.federation !== due.federation) return `federation, '${found.federation}'`;
  if (found.self !== due.self) return `member, ${found.self}`;
  if (!equalBytes(found.rosterRoot, due.rosterRoot)) return 'roster';
  return undefined;
}
