/** Verification of a log or an archive from its file, with the plans of all programs that this code knows. */
import { type AuditExpectations, type AuditReport, type AuditVerdict, LogVerifier } from '@tributary/audit';
import { nodeBackend } from '@tributary/crypto/node';
import { RuntimeError } from '@tributary/runtime';
import { linesWithVectors } from './audit-files.ts';
import { planOf } from './audit-plan.ts';

/** In one pass, holding the vectors of one round. @throws RuntimeError BAD_FILE */
export async function verifyFile(
  file: string,
  asked: Omit<AuditExpectations, 'plan'> = {},
): Promise<AuditVerdict> {
  const verifier = new LogVerifier(nodeBackend, { plan: planOf, ...asked });
  for await (const { line, vectors } of linesWithVectors(file)) {
    if (verifier.take(line, vectors) !== undefined) break;
  }
  return verifier.finish();
}

/** @throws RuntimeError RUN_FAILED where the log does not hold */
export function reportOf(file: string, verdict: AuditVerdict): AuditReport {
  if (verdict.ok) return verdict.report;
  const { entry, code, reason } = verdict.fault;
  throw new RuntimeError(
    'RUN_FAILED',
    `${file}: entry ${entry} is wrong (${code}): ${reason}`,
    'do not trust what follows it',
  );
}

/** Names of what was not checked. */
export function uncheckedIn({ counts, sums, ended }: AuditReport): string[] {
  const { rounds, plans, masks, summation, replayed, sumsRead } = counts;
  const parts: readonly (readonly [string, boolean])[] = [
    [`sums that are not at hand (${sums - sumsRead})`, sumsRead < sums],
    [`plans (${rounds - plans})`, plans < rounds],
    [`masks (${sums - masks})`, masks < sums],
    [`sums of the uploads (${sums - summation - replayed})`, summation + replayed < sums],
    ['the end of the run, which has not ended', !ended],
  ];
  return parts.flatMap(([name, missing]) => (missing ? [name] : []));
}
