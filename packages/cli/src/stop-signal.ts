/** Aborts at the first SIGINT or SIGTERM, with its name; a second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const stop = (name: string): void => {
    for (const each of names) process.off(each, stop);
    controller.abort(name);
  };
  for (const name of names) process.on(name, stop);
  return controller.signal;
}
