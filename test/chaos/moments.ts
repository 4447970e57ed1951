/** Moments at which a process under test kills itself, as `kill -9` would: nothing of it runs any more. */

/** Something that a process tells of itself. */
export interface Told {
  readonly kind: string;
  readonly phase?: string;
  readonly round?: number;
}

/** `<phase>@<round>` or `<kind>@<round>`; round 0 is the setup. */
export type Moment = `${string}@${number}`;

/** Whether what is told is the moment, or comes after it: then the moment itself was missed. */
export function isMoment({ kind, phase, round }: Told, moment: string): boolean {
  const [name = '', number = ''] = moment.split('@');
  return (kind === 'phase' ? phase : kind) === name && (round ?? 0) >= Number(number);
}

export function dieAt(moment: string): (told: Told) => void {
  return (told) => {
    if (moment !== '' && isMoment(told, moment)) process.kill(process.pid, 'SIGKILL');
  };
}
