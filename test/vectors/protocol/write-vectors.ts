/** Writes the vectors anew: `pnpm vectors`. A change of them is a change of the protocol. */
import { writeFileSync } from 'node:fs';
import { STORIES } from './stories.ts';
import { tellStory } from './story.ts';

for (const { file, ...choice } of STORIES) {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(tellStory(choice), null, 2)}\n`);
}
