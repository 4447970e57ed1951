/** The course of a run for an auditor: what a client computes from the manifest and the sums, computed once more. */
import type { PlannedRun, RunCourse } from '@tributary/audit';
import { nodeBackend } from '@tributary/crypto/node';
import type { ExpectedRound } from '@tributary/protocol';
import { type ProgramRun, startProgram } from '@tributary/router';
import {
  decodeManifest,
  type PlannedRound,
  planRound,
  readSum,
  runId,
  type RunManifest,
} from '@tributary/runtime';

/** @throws RuntimeError RUN_FAILED, RouterError where the manifest defines no run */
export function planOf(manifestText: string): PlannedRun {
  const manifest = decodeManifest(manifestText);
  const { program, parameters, seed, privacy } = manifest;
  return {
    run: runId(nodeBackend, manifestText),
    noise: privacy === 'none' ? undefined : privacy,
    course: courseOf(manifest, startProgram(program, { ...parameters, seed }), 0),
  };
}

function courseOf(manifest: RunManifest, program: ProgramRun, rounds: number): RunCourse {
  const planned = (round: number, logHead: Uint8Array): PlannedRound | undefined =>
    program.kind === 'sum'
      ? planRound(nodeBackend, program.plan, program.stateBytes(), { round, logHead, ...manifest })
      : undefined;
  return {
    expected: (round: number, logHead: Uint8Array): ExpectedRound | undefined =>
      planned(round, logHead)?.expected,
    next(words, survivors) {
      // What a sum means does not depend on the log before it.
      const asked = planned(rounds + 1, new Uint8Array(32));
      if (program.kind !== 'sum' || asked === undefined) return courseOf(manifest, program, rounds);
      const { sum, noiseDeviation } = readSum(asked, words, survivors);
      return courseOf(manifest, program.next(sum, noiseDeviation), rounds + 1);
    },
  };
}
