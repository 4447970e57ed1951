/** Which process something belongs to, such that a later reader can tell whether it still lives. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../errors.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process in clock ticks since boot, as text: tells it from a later one with its number. '' where unknown. */
  readonly started: string;
  readonly host: string;
  /** Boot of the machine and PID namespace: numbers of processes mean nothing outside them. */
  readonly numbering: string;
}

/** Linux tells through /proc; elsewhere a process is known by its number and host alone. */
export function thisProcess(): ProcessIdentity {
  const boot = textOrNone(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));
  const namespace = textOrNone(() => readlinkSync('/proc/self/ns/pid'));
  return {
    pid: process.pid,
    started: statOf(process.pid)?.started ?? '',
    host: hostname(),
    numbering: `${boot.trim()} ${namespace}`,
  };
}

/**
 * Whether the process lives; `unknown` for one on another host. One of this host, but of another boot or PID namespace, is
 * `dead`: the machine or the container of that name was started anew. So containers that run at the same time and share
 * a host name must not share a state directory.
 */
export function livenessOf(process: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  const self = thisProcess();
  if (process.host !== self.host) return 'unknown';
  if (process.numbering !== self.numbering || !hasProcess(process.pid)) return 'dead';
  const stat = statOf(process.pid);
  // Another user's process may be hidden from /proc though signals find it.
  if (stat === undefined) return 'alive';
  return stat.zombie || stat.started !== process.started ? 'dead' : 'alive';
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Fields 3 and 22 of proc(5) stat. The second field, in parentheses, may hold anything. */
function statOf(pid: number): { readonly zombie: boolean; readonly started: string } | undefined {
  const text = textOrNone(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', started = ''] = [fields[0], fields[19]];
  return started === '' ? undefined : { zombie: state === 'Z' || state === 'X', started };
}

function textOrNone(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
