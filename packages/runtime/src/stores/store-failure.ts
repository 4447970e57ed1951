import { RuntimeError, systemErrorCode } from '../errors.ts';

/** What a person sees where the disk or its permissions stop a store: RUN_FAILED; errors that say so already pass through. */
export function storeFailure(action: string, path: string, error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const code = systemErrorCode(error);
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT' ? 'free space on that disk' : 'check the disk and its permissions';
  return new RuntimeError('RUN_FAILED', `cannot ${action} ${path}: ${reason}`, hint, error);
}
