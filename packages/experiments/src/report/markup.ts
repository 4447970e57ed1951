/** HTML or SVG text that is safe to insert as it is. Only `markup` makes it, so what it holds was escaped. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** @internal use the tag `markup` */
  static ofTemplate(strings: TemplateStringsArray, values: readonly MarkupValue[]): Markup {
    return new Markup(strings.map((string, index) => string + insert(values[index])).join(''));
  }
}

export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[];

/**
 * A tag for templates of HTML and SVG: texts that are put in are escaped, for elements and for attributes in double quotes; lists are joined;
 * undefined is nothing. Names of models and clients come from files, so nothing reaches the page by another way.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return Markup.ofTemplate(strings, values);
}

function insert(value: MarkupValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(insert).join('');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
