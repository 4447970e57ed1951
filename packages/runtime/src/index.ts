export { readApprovedRosterFile, readRosterFile, type RosterFile } from './config/roster-file.ts';
export { checkConfig, type CheckOptions } from './config/check-config.ts';
export { fileFailure, readTextFile, writeTextFile } from './config/text-file.ts';
export { readYamlFile } from './config/yaml-file.ts';
export { closest } from './did-you-mean.ts';
export { EXIT, type ExitCode, RuntimeError, type RuntimeErrorCode, systemErrorCode } from './errors.ts';
export { appendEvidence, type EvidenceRecord } from './journal/evidence-file.ts';
export { appendShownHeads, readShownHeads, type ShownHead } from './journal/heads-file.ts';
export { JournaledMachine, type Step, type Taken } from './journal/journaled-machine.ts';
export type { JournalHeader } from './journal/journal-header.ts';
export {
  type EventCodec,
  openRunJournal,
  readJournalHeader,
  type RunJournal,
} from './journal/run-journal.ts';
export { openRunStates, type RunStates } from './journal/run-states.ts';
export { createKeyFile, type Identity, parsePublicKey, readKeyFile } from './keys/key-file.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logging.ts';
export {
  modelHash,
  type PlannedRound,
  type PlannedSum,
  planRound,
  type ReadSum,
  readSum,
  type RoundContextOfRun,
} from './run/planned-round.ts';
export { decodeManifest, encodeManifest, runId, type RunManifest } from './run/manifest.ts';
export { type BlobStore, type BlobWriter, checkBlobName } from './stores/blob-store.ts';
export { type DirectoryLock, lockDirectory } from './stores/directory-lock.ts';
export { appendDurably, writeDurably } from './stores/durable-file.ts';
export { type EventLog, MAX_TRANSACTION_BYTES } from './stores/event-log.ts';
export { openFileBlobStore } from './stores/file-blob-store.ts';
export { type FileEventLog, openFileEventLog } from './stores/file-event-log.ts';
export { type FileSecretStore, openFileSecretStore } from './stores/file-secret-store.ts';
export { type FileSystem, nodeFileSystem, type OpenFile, syncDirectory } from './stores/file-system.ts';
export { memoryBlobStore } from './stores/memory-blob-store.ts';
export { memoryEventLog, type MemoryEventLog } from './stores/memory-event-log.ts';
export { openStateDirectory, type StateDirectory } from './stores/state-directory.ts';
export { stoppedBy, throwIfStopped } from './stop.ts';
export { oneLine, quoted } from './text/one-line.ts';
export { CLOSE, type CloseCode } from './transport/close-codes.ts';
export {
  MessageSocket,
  type MessageSocketEvents,
  type MessageSocketOptions,
  SOCKET_OPTIONS,
  type SocketEnd,
} from './transport/message-socket.ts';
export { sharedWords, VectorWork, type VectorWorkOptions } from './workers/vector-work.ts';
