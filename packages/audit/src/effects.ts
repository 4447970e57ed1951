/** From the effects of a coordinator's machine to what its log has: live, and the same again when its journal is replayed. */
import {
  type Bodies,
  type CoordinatorEffect,
  EMPTY_SIGNATURE,
  type Message,
  type MessageKind,
} from '@tributary/protocol';
import { type AuditRecorder, NOTHING_RECORDED, type Recorded } from './recorder.ts';

/** Signs as the coordinator. Ed25519 is deterministic: the same message gets the same signature in every life of the process. */
export type SignMessage = <K extends MessageKind>(kind: K, body: Bodies[K]) => Uint8Array;

/** Kinds that stand in the log as frames; of others the recorder needs the body alone. */
const LOGGED: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'batch-start',
  'round-announce',
  'round-start',
  'survivors',
  'round-result',
  'round-aborted',
]);

/** To be called for every effect in order, before it is carried out. */
export function recordEffect(
  recorder: AuditRecorder,
  effect: CoordinatorEffect,
  sign: SignMessage,
): Recorded {
  if (effect.kind === 'accept') return recorder.accepted(effect.message, effect.refused);
  if (effect.kind === 'evidence') {
    const { evidence: body, culprit } = effect;
    return recorder.convicted({ kind: 'evidence', body, signature: sign('evidence', body) }, culprit);
  }
  if (effect.kind !== 'send') return NOTHING_RECORDED;
  const { message: kind, body } = effect;
  const signature = LOGGED.has(kind) ? sign(kind, body) : EMPTY_SIGNATURE;
  return recorder.sent({ kind, body, signature } as Message);
}
