/** Child process: appends numbered records to the log of a state directory, several at a time, and tells its parent which are durable. */
import { once } from 'node:events';
import { openStateDirectory } from '@tributary/runtime';

// Told to begin, so that children can be started ahead of their turn.
await once(process, 'message');
const { log } = await openStateDirectory(process.argv[2] ?? '');
let next = 0;
for await (const record of log.read()) next = Number(Buffer.from(record).toString()) + 1;

async function appendForever(): Promise<never> {
  for (;;) {
    const number = next++;
    await log.append([Uint8Array.from(Buffer.from(String(number)))]);
    process.send?.(number);
  }
}

await Promise.all(Array.from({ length: 8 }, appendForever));
