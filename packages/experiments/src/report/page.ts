import { type Markup, markup } from './markup.ts';
import { STYLE } from './style.ts';

/** One HTML file: styles and drawings are inside, there is no script, and nothing is fetched. */
export function renderPage(title: string, content: readonly Markup[]): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
  return page.text;
}

export function section(title: string, introduction: string, content: Markup): Markup {
  return markup`<section><h2>${title}</h2><p>${introduction}</p>${content}</section>`;
}

export function settingsSection(
  settings: readonly (readonly [name: string, value: string])[],
): Markup | undefined {
  if (settings.length === 0) return undefined;
  const rows = settings.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  );
  return section('Settings', 'What was run.', markup`<table><tbody>${rows}</tbody></table>`);
}
