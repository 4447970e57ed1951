import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markup } from './markup.ts';

describe('markup', () => {
  it('escapes what is put in, keeps what it made itself, and joins lists', () => {
    const items = ['<b>', 'c'].map((name) => markup`<li>${name}</li>`);
    expect(markup`<ul title="${'"x" & \'y\''}">${items}${undefined}${1.5}</ul>`.text).toBe(
      '<ul title="&quot;x&quot; &amp; &#39;y&#39;"><li>&lt;b&gt;</li><li>c</li>1.5</ul>',
    );
  });

  it('lets no text leave its element or its attribute', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', ' ', '=', '/') }),
        (text) => {
          expect(markup`<p class="${text}">${text}</p>`.text).toMatch(/^<p class="[^"<>']*">[^"<>']*<\/p>$/);
        },
      ),
    );
  });
});
