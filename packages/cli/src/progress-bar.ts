/** A bar, and how long it has taken: "████████░░░░░░░░░░░░ 4/10  1:32". */
export function progressBar(done: number, total: number, seconds: number): string {
  const filled = total === 0 ? WIDTH : Math.round((WIDTH * done) / total);
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
  const minutes = Math.floor(seconds / 60);
  return `${bar} ${done}/${total}  ${minutes}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

const WIDTH = 24;
