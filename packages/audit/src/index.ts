export {
  type ArchivedLine,
  ArchiveLines,
  ArchiveReader,
  type ArchiveRecord,
  archiveStart,
  isArchive,
  recordHeader,
  recordsOf,
} from './archive.ts';
export {
  appendEntry,
  appendHead,
  type Appended,
  EMPTY_LOG,
  type LogTip,
  provePrefix,
  proveLine,
  withLine,
} from './audit-log.ts';
export { canonicalJson, type JsonValue, parseCanonicalJson } from './canonical-json.ts';
export {
  type AuditEntry,
  encodeEntry,
  ENTRY_TYPES,
  type EntryOf,
  type EntryType,
  LOG_VERSION,
  loggedRoster,
  type ReadEntry,
  readEntry,
  rosterOf,
  type TimedEntry,
} from './entries.ts';
export {
  AUDIT_ERROR_CODES,
  AuditError,
  type AuditErrorCode,
  type Fault,
  FAULT_CODES,
  type FaultCode,
} from './errors.ts';
export { provesFork, type TreePrefix } from './forks.ts';
export { type InclusionStatement, type ProvenLine, proveMember, verifyStatement } from './inclusion.ts';
export { recordEffect, type SignMessage } from './effects.ts';
export { type ObservedDropouts, observedDropouts, type PhaseCount } from './observed-dropouts.ts';
export { AuditRecorder, genesisEntry, type Recorded, type RecordedEntry, rosterEntry } from './recorder.ts';
export { showLog, type ShownEntry } from './show.ts';
export { type AuditReport, type AuditVerdict, LogVerifier, verifyLog } from './verify/log-verifier.ts';
export type {
  AuditCounts,
  AuditExpectations,
  MaskSample,
  PlannedRun,
  RoundVectors,
  RunCourse,
} from './verify/state.ts';
