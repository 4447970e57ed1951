/**
 * Private recovery state of a coordinator or a client: an append-only log from which a restart replays. It never holds secrets of
 * batches (those are in a `SecretStore`) and is never the audit log.
 */
export interface EventLog {
  /**
   * Number of this opening, 1 or more: greater than that of every earlier opening of the same log, durably so before
   * the log is handed out. It tells what an earlier opening began from what this one began, and is the fence where a
   * store can have several openers.
   */
  readonly epoch: number;

  /**
   * Appends all records or none, and resolves once they are durable: they survive the death of the process and the
   * loss of power. Transactions take effect in the order of the calls; those that wait at the same time share one sync.
   *
   * A rejected append may or may not be found after the next opening, and every later append is rejected too: once a
   * sync has failed, nobody knows what the disk holds. The way on is to open the log again.
   *
   * @param records the caller may change them once the call has returned
   * @throws RuntimeError RUN_FAILED where the log cannot be written, is closed, or a later opening has fenced it off;
   *   BAD_ARGUMENT above `MAX_TRANSACTION_BYTES`: vectors belong in a `BlobStore`
   */
  append(records: readonly Uint8Array[]): Promise<void>;

  /**
   * All records that are durable when the reading begins, oldest first, as they were appended. Records of rejected
   * appends of this opening are not among them.
   * @throws RuntimeError BAD_FILE where the store no longer holds what it acknowledged
   */
  read(): AsyncIterable<Uint8Array>;

  /** Waits for appends under way. Closing twice does nothing. */
  close(): Promise<void>;
}

/** Records of one transaction and four bytes for each of them, at most. */
export const MAX_TRANSACTION_BYTES: number = 32 * 2 ** 20;
