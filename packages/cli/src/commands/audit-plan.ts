/** The course of a run for an auditor: what a client computes from the manifest and the sums, computed once more. */
import type { PlannedRun, RunCourse } from '@tributary/audit';
import { nodeBackend } from '@tributary/crypto/node';
import { decodeSum, type Encoding } from '@tributary/privacy';
import type { ExpectedRound } from '@tributary/protocol';
import { type ProgramRun, startProgram } from '@tributary/router';
import { decodeManifest, expectedRound, runId, type RunManifest } from '@tributary/runtime';

/** @throws RuntimeError RUN_FAILED, RouterError where the manifest defines no run */
export function planOf(manifestText: string): PlannedRun {
  const manifest = decodeManifest(manifestText);
  const { program, parameters, seed } = manifest;
  return {
    run: runId(nodeBackend, manifestText),
    course: courseOf(manifest, startProgram(program, { ...parameters, seed })),
  };
}

function courseOf(manifest: RunManifest, program: ProgramRun): RunCourse {
  const expected = (round: number, logHead: Uint8Array): ExpectedRound | undefined =>
    program.kind === 'sum'
      ? expectedRound(nodeBackend, program.plan, program.stateBytes(), { round, logHead, ...manifest })
      : undefined;
  const encoding = (): Encoding | undefined => expected(1, new Uint8Array(32))?.encoding;
  return {
    expected,
    next(sum) {
      const scale = encoding();
      if (program.kind !== 'sum' || scale === undefined) return courseOf(manifest, program);
      return courseOf(manifest, program.next(decodeSum(sum, scale)));
    },
  };
}
