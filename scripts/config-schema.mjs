// The JSON schema of zarpe.config.json, for completion in editors: made of the table of the variables.
import { toJSONSchema } from 'zod/v4/core';

/**
 * @param {{ name: string, key: string | null, expected: string, default: string | null, description: string }[]} variables as `explain` shows them
 * @param {Record<string, { values?: readonly string[], form?: string }>} table of the variables
 * @param {Record<string, () => import('zod/v4/core').$ZodType>} sections
 */
export function configSchema(variables, table, sections) {
  const settings = variables.flatMap(({ name, key, expected, default: fallback, description }) => {
    if (key === null) return [];
    const shown = fallback === null ? '' : ` Default: ${fallback}.`;
    const documentation = `${description} Expected: ${expected}.${shown} (${name})`;
    return [[key, { description: documentation, ...typeOf(table[name] ?? {}) }]];
  });
  const structured = Object.entries(sections).map(([key, schema]) => {
    const { $schema: _, ...rest } = toJSONSchema(schema(), { io: 'input' });
    return [key, rest];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'zarpe.config.json',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...Object.fromEntries([...settings, ...structured]) },
    additionalProperties: false,
  };
}

/** @param {{ values?: readonly string[], form?: string }} variable */
function typeOf({ values, form }) {
  if (values?.length === 2 && values.includes('on') && values.includes('off'))
    return { enum: [true, false, 'on', 'off'] };
  if (values !== undefined) return { enum: values };
  const text = { type: 'string', minLength: 1 };
  if (form === 'number') return { anyOf: [{ type: 'integer' }, text] };
  if (form === undefined) return text;
  return { anyOf: [text, { type: 'array', items: { type: 'string' }, minItems: 1 }] };
}
