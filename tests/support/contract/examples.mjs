#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Gives every body of the bundled document an example: examples.mjs FILE changes it in place. What
// is written down stays; an answer that wraps an object, or lists it, has the object's.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const unescape = (key) => key.replaceAll('~1', '/').replaceAll('~0', '~');

export function resolve(document, node) {
  while (node?.$ref)
    node = node.$ref
      .slice(2)
      .split('/')
      .reduce((at, key) => at[unescape(key)], document);
  return node;
}

/** Every body, with where it is: {where, media}. */
export function bodies(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).flatMap((method) => {
      const { requestBody, responses } = item[method];
      const parts = Object.entries(responses).map(([status, answer]) => [status, answer]);
      if (requestBody) parts.push(['body', requestBody]);
      return parts.flatMap(([name, part]) =>
        Object.entries(resolve(document, part).content ?? {}).map(([type, media]) => ({
          where: `${method} ${path} ${name} ${type}`,
          media,
        })),
      );
    }),
  );
}

/** Put together from the examples of its parts; undefined when a part that must be has none. */
export function exampleOf(document, given) {
  const schema = resolve(document, given) ?? {};
  if ('example' in schema) return schema.example;
  if ('const' in schema) return schema.const;
  if (schema.type === 'array') {
    const item = exampleOf(document, schema.items);
    return item === undefined ? undefined : [item];
  }
  if (schema.oneOf ?? schema.anyOf)
    return (schema.oneOf ?? schema.anyOf)
      .map((one) => exampleOf(document, one))
      .find((example) => example !== undefined);
  if (!schema.properties) return schema.default ?? schema.enum?.[0];
  const example = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = exampleOf(document, property);
    if (value !== undefined) example[name] = value;
    else if (schema.required?.includes(name)) return undefined;
  }
  return example;
}

export function fill(document) {
  for (const { media } of bodies(document)) {
    const schema = resolve(document, media.schema);
    if ('example' in media || 'examples' in media || 'example' in schema) continue;
    const example = exampleOf(document, media.schema);
    if (example !== undefined) schema.example = example;
  }
  return document;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2];
  writeFileSync(file, JSON.stringify(fill(JSON.parse(readFileSync(file, 'utf8'))), null, 2));
}
