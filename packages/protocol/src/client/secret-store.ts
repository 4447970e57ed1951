/**
 * Where a member keeps the secrets of its batches. Synchronous, because a secret must be kept before its
 * public part is spoken.
 */
import { toHex } from '@tributary/crypto';
import { type BatchSecrets, wipeBatchSecrets } from './batch-secrets.ts';

export interface SecretStore {
  /** Replaces what is kept for the batch. */
  put(batchContext: Uint8Array, secrets: BatchSecrets): void;
  get(batchContext: Uint8Array): BatchSecrets | undefined;
  /** Wipes and removes; nothing can bring the batch's secrets back. */
  forget(batchContext: Uint8Array): void;
}

/** Keeps secrets in memory only: a member that restarts is a dropout of its open batch. */
export function memorySecretStore(): SecretStore {
  const batches = new Map<string, BatchSecrets>();
  return {
    put: (context, secrets) => void batches.set(toHex(context), secrets),
    get: (context) => batches.get(toHex(context)),
    forget(context) {
      const secrets = batches.get(toHex(context));
      if (secrets !== undefined) wipeBatchSecrets(secrets);
      batches.delete(toHex(context));
    },
  };
}
