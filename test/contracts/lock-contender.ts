/** Child process: asks for a state directory when told to, and says what came of it. */
import { lockDirectory, RuntimeError } from '@tributary/runtime';

export type Order = 'take' | 'release';
export type Answer = { readonly won: boolean; readonly message: string };

const path = process.argv[2] ?? '';
let release = (): void => undefined;

function answer(reply: Answer | 'ready' | 'released'): void {
  process.send?.(reply);
}

process.on('message', (order: Order) => {
  if (order === 'release') {
    release();
    answer('released');
    return;
  }
  try {
    const lock = lockDirectory(path);
    release = () => lock.release();
    answer({ won: true, message: '' });
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    answer({ won: false, message: `${error.code} ${error.exitCode} ${error.message}` });
  }
});
answer('ready');
