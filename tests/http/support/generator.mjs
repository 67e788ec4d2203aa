// SPDX-License-Identifier: Apache-2.0
//
// Requests made up from the OpenAPI document, by a seed: some as the document says, most with
// something wrong. The same seed makes the same requests for the same known ids.

import { Random } from '../../support/random.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const STREAMS = ['text/event-stream', 'application/x-ndjson'];

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\u202e\u0301\ufeff',
  '\u{1f4a5}'.repeat(40),
  'x'.repeat(70000),
  "'; DROP TABLE runs; --",
  '../../../etc/passwd',
  '%00%2e%2e%2f',
  '{{7*7}}$(id)`id`',
  '0190ffff-0000-7000-8000-00000000000z',
  'null',
  '-0',
  '1e999',
  '2026-02-31T25:61:61Z',
];
const ODD_VALUES = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  [],
  {},
  [[[[[[[[]]]]]]]],
  { constructor: { prototype: 1 }, __proto__x: [] },
  Array(300).fill('x'),
  ...ODD_TEXTS,
];

/** What JSON.stringify would never write. */
const ODD_BODIES = [
  (text) => text.slice(0, text.length / 2),
  (text) => `${text}${text}`,
  (text) => text.replace(/[0-9]+/, '1e999'),
  (text) => text.replace(/[0-9]+/, '0x10'),
  (text) => text.replace(/^\{/, '{"name":"twice","name":"twice",'),
  (text) => text.replace(/"([a-z_]+)":/, '"$1\\ud800":'),
  (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xc0, 0xaf, 0xff])]),
  () => '['.repeat(20000),
  () => '{"a":'.repeat(20000),
  () => '',
  () => '\ufeff{}',
  () => 'nonsense',
];

export class Generator {
  #random;
  #document;

  constructor(document, seed) {
    this.#document = document;
    this.#random = new Random(seed);
  }

  /** Every operation that answers and ends: {method, path, operation, parameters}. */
  operations() {
    return Object.entries(this.#document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method])
        .map((method) => ({
          method: method.toUpperCase(),
          path,
          operation: item[method],
          parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((p) =>
            this.#resolve(p),
          ),
        }))
        .filter(({ operation }) => !this.#isEndless(operation)),
    );
  }

  /** A stream and nothing else; what can be had as JSON, too, comes to its end in any form. */
  #isEndless(operation) {
    return Object.values(operation.responses).some((response) => {
      const { content = {} } = this.#resolve(response);
      return STREAMS.some((type) => content[type]) && !content['application/json'];
    });
  }

  /** {method, path, body, headers} for one of operations(); `ids` are known to exist. */
  request({ method, path, operation, parameters }, ids) {
    const headers = this.#chance(0.1) ? this.#oddHeaders() : {};
    return {
      method,
      path: this.#path(path, ids) + this.#query(parameters),
      body: this.#body(operation, ids, headers),
      headers,
    };
  }

  #path(template, ids) {
    return template.replace(/\{[^}]+\}/g, () =>
      this.#chance(0.8) && ids.length > 0
        ? this.#pick(ids)
        : encodeURIComponent(this.#pick(ODD_TEXTS).slice(0, 2000)) || 'x',
    );
  }

  #query(parameters) {
    const known = parameters.filter((p) => p.in === 'query' && this.#chance(0.4));
    const pairs = known.map(({ name, schema }) => [
      name,
      this.#chance(0.6) ? this.#queryValue(name, schema) : this.#pick(ODD_VALUES),
    ]);
    if (this.#chance(0.05)) pairs.push(['no_such_parameter', '1']);
    const text = pairs
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value).slice(0, 4000))}`)
      .join('&');
    return text ? `?${text}` : '';
  }

  /** What holds an answer back is asked for a second of it. */
  #queryValue(name, schema) {
    return name === 'wait' ? 1 : this.#value(schema, []);
  }

  #oddHeaders() {
    return this.#pick([
      { 'X-Errand-Project': this.#pick(['', 'x', '0190ffff-0000-7000-8000-000000000000']) },
      { 'Idempotency-Key': this.#pick(['', 'k', 'k'.repeat(5000)]) },
      { 'Content-Type': this.#pick(['text/plain', '', 'application/json; charset=latin1']) },
      { Authorization: this.#pick(['', 'Bearer', 'Bearer x', `Bearer err_u_${'A'.repeat(43)}`]) },
      { Accept: 'application/xml', 'X-Request-Id': 'x'.repeat(3000) },
    ]);
  }

  #body(operation, ids, headers) {
    const content = operation.requestBody && this.#resolve(operation.requestBody).content;
    if (!content) return this.#chance(0.1) ? '{"unexpected":true}' : undefined;
    const [type] = Object.keys(content);
    if (!type.includes('json')) {
      headers['Content-Type'] ??= type;
      return Buffer.from(Array.from({ length: this.#int(0, 300) }, () => this.#int(0, 255)));
    }
    let value = this.#value(content[type].schema, ids);
    if (this.#chance(0.6)) value = this.#spoil(value);
    const text = JSON.stringify(value);
    return this.#chance(0.1) ? this.#pick(ODD_BODIES)(text) : text;
  }

  /** Something as `schema` says; ids are taken from `ids` where there are any. */
  #value(schema, ids, depth = 0) {
    schema = this.#resolve(schema ?? {});
    if ('const' in schema) return schema.const;
    if (schema.enum) return this.#pick(schema.enum);
    const choice = schema.oneOf ?? schema.anyOf;
    if (choice) return this.#value(this.#pick(choice), ids, depth);
    if (schema.allOf)
      return Object.assign({}, ...schema.allOf.map((part) => this.#value(part, ids, depth)));
    switch (Array.isArray(schema.type) ? this.#pick(schema.type) : schema.type) {
      case 'object':
        return this.#object(schema, ids, depth);
      case 'array':
        return Array.from(
          { length: this.#int(schema.minItems ?? 0, Math.min(schema.maxItems ?? 4, 4)) },
          () => this.#value(schema.items, ids, depth + 1),
        );
      case 'integer':
      case 'number':
        return this.#int(schema.minimum ?? 0, Math.min(schema.maximum ?? 1000, 1e9));
      case 'boolean':
        return this.#chance(0.5);
      case 'null':
        return null;
      default:
        return this.#text(schema, ids);
    }
  }

  #object(schema, ids, depth) {
    const required = schema.required ?? [];
    const wanted = Object.entries(schema.properties ?? {}).filter(
      ([name]) => required.includes(name) || (depth < 4 && this.#chance(0.4)),
    );
    return Object.fromEntries(
      wanted.map(([name, part]) => [name, this.#value(part, ids, depth + 1)]),
    );
  }

  #text(schema, ids) {
    if (schema.format === 'uuid' && ids.length > 0) return this.#pick(ids);
    if (schema.format === 'date-time') return '2026-01-02T03:04:05.678Z';
    const examples = schema.examples ?? (schema.example === undefined ? [] : [schema.example]);
    if (examples.length > 0) return this.#pick(examples);
    const length = this.#int(schema.minLength ?? 1, Math.min(schema.maxLength ?? 12, 40));
    return Array.from({ length }, () => this.#pick([...'abcxyz_'])).join('');
  }

  /** One thing in `value` is replaced, left out or added. */
  #spoil(value) {
    if (value === null || typeof value !== 'object' || this.#chance(0.1))
      return this.#pick(ODD_VALUES);
    const copy = structuredClone(value);
    const keys = Object.keys(copy);
    const key = keys.length > 0 ? this.#pick(keys) : null;
    if (key === null || this.#chance(0.1)) return { ...copy, no_such_field: this.#pick(ODD_VALUES) };
    if (this.#chance(0.2) && !Array.isArray(copy)) delete copy[key];
    else copy[key] = this.#spoil(copy[key]);
    return copy;
  }

  #resolve(node) {
    while (node.$ref)
      node = node.$ref
        .slice(2)
        .split('/')
        .reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.#document);
    return node;
  }

  #chance(p) {
    return this.#random.chance(p);
  }

  #int(min, max) {
    return min + this.#random.below(max - min + 1);
  }

  #pick(list) {
    return this.#random.of(list);
  }
}
