#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// The bundled document as one page for people: render.mjs < errand.json > docs.html. Plain HTML: no
// script, no style of its own, nothing from elsewhere, so that it can be served under the strictest
// content security policy.

import { readFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(0, 'utf8'));
const METHODS = ['get', 'post', 'patch', 'put', 'delete'];

const escape = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c],
  );

/** The little Markdown that descriptions use: code, bold, lists, paragraphs. */
function prose(text) {
  const inline = (line) =>
    escape(line)
      .replace(/`([^`]+)`/g, '<code>$1</code>')
      .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
  return (text ?? '')
    .trim()
    .split(/\n\s*\n/)
    .filter(Boolean)
    .map((block) =>
      block.startsWith('- ')
        ? `<ul>${block
            .split(/\n(?=- )/)
            .map((item) => `<li>${inline(item.slice(2))}</li>`)
            .join('')}</ul>`
        : `<p>${inline(block)}</p>`,
    )
    .join('');
}

const resolve = (node) =>
  node?.$ref
    ? node.$ref
        .slice(2)
        .split('/')
        .reduce((at, key) => at[key], document)
    : node;
const nameOf = (node) => node?.$ref?.split('/').pop();

/** What a value is, in a few words, with a link to what has a name. */
function typeOf(schema) {
  const name = nameOf(schema);
  if (name) return `<a href="#schema-${name}">${name}</a>`;
  if (!schema) return '';
  if (schema.enum)
    return schema.enum.map((value) => `<code>${escape(JSON.stringify(value))}</code>`).join(' ');
  if ('const' in schema) return `<code>${escape(JSON.stringify(schema.const))}</code>`;
  if (schema.anyOf || schema.oneOf) return (schema.anyOf ?? schema.oneOf).map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items) || 'values'}`;
  return escape(
    [schema.type ?? 'value'].flat().join(' or ') + (schema.format ? ` (${schema.format})` : ''),
  );
}

function limitsOf(given) {
  const schema = resolve(given) ?? {};
  const limits = [];
  const range = (low, high, unit) => {
    if (low !== undefined || high !== undefined) limits.push(`${low ?? ''}..${high ?? ''}${unit}`);
  };
  range(schema.minimum ?? schema.exclusiveMinimum, schema.maximum, '');
  range(schema.minLength, schema.maxLength, ' characters');
  range(schema.minItems, schema.maxItems, ' items');
  range(schema.minProperties, schema.maxProperties, ' members');
  if (schema.pattern) limits.push(`<code>${escape(schema.pattern)}</code>`);
  if (schema.default !== undefined)
    limits.push(`default <code>${escape(JSON.stringify(schema.default))}</code>`);
  return limits.join(', ');
}

const example = (value) =>
  value === undefined
    ? ''
    : `<pre>${escape(typeof value === 'string' ? value : JSON.stringify(value, null, 2))}</pre>`;

const table = (heads, rows) =>
  rows.length === 0
    ? ''
    : `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows
        .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
        .join('')}</table>`;

function parametersOf(item, operation) {
  const all = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
  return table(
    ['Parameter', 'In', 'Type', ''],
    all.map((one) => [
      `<code>${one.name}</code>${one.required ? ' *' : ''}`,
      one.in,
      `${typeOf(one.schema)} ${limitsOf(one.schema)}`,
      prose(one.description),
    ]),
  );
}

const contents = (node) =>
  Object.entries(node?.content ?? {})
    .map(([type, { schema }]) => `<code>${type}</code> ${typeOf(schema)}`)
    .join('<br>');

function operationOf(path, method, item, operation) {
  const body = resolve(operation.requestBody);
  const bodySchema = body && resolve(Object.values(body.content)[0].schema);
  const answers = Object.entries(operation.responses).map(([status, given]) => {
    const answer = resolve(given);
    return [status, prose(answer.description), contents(answer)];
  });
  const access = operation['x-access'];
  return `<section id="${operation.operationId}">
<h3><span class="${method}">${method.toUpperCase()}</span> <code>${escape(path)}</code></h3>
<p class="summary">${escape(operation.summary)}${access ? ` <span class="access">${access}</span>` : ''}</p>
${prose(operation.description)}
${parametersOf(item, operation)}
${body ? `<h4>Body</h4><p>${contents(body)}</p>${example(bodySchema?.example)}` : ''}
<h4>Answers</h4>${table(['Status', '', 'Body'], answers)}
</section>`;
}

function schemaOf([name, schema]) {
  const properties = Object.entries(schema.properties ?? {}).map(([key, given]) => [
    `<code>${escape(key)}</code>${schema.required?.includes(key) ? ' *' : ''}`,
    typeOf(given),
    [limitsOf(given), prose(given.description ?? resolve(given)?.description)]
      .filter(Boolean)
      .join(' '),
  ]);
  const plain = properties.length === 0 ? `<p>${typeOf(schema)} ${limitsOf(schema)}</p>` : '';
  return `<section id="schema-${name}"><h3>${name}</h3>${prose(schema.description)}${plain}
${table(['Field', 'Type', ''], properties)}${example(schema.example)}</section>`;
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    tag: item[method].tags[0],
    title: item[method].summary,
    id: item[method].operationId,
    html: operationOf(path, method, item, item[method]),
  })),
);
const tags = document.tags.map(({ name, description }) => ({
  name,
  description,
  operations: operations.filter(({ tag }) => tag === name),
}));

process.stdout.write(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(document.info.title)} API</title><link rel="stylesheet" href="/docs.css"></head><body>
<nav><a href="#top"><strong>${escape(document.info.title)}</strong> ${document.info.version}</a>
${tags
  .map(
    ({ name, operations: list }) =>
      `<h2>${name}</h2><ul>${list.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`).join('')}</ul>`,
  )
  .join('\n')}
<h2>Schemas</h2><ul>${Object.keys(document.components.schemas)
  .map((name) => `<li><a href="#schema-${name}">${name}</a></li>`)
  .join('')}</ul></nav>
<main id="top"><h1>${escape(document.info.title)} API</h1>
${prose(document.info.summary)}${prose(document.info.description)}
<p>The same for programs: <a href="/openapi.json">openapi.json</a>. What stands behind an operation's title is the scope
that it asks for; <code>*</code> marks what is required.</p>
${tags
  .map(
    ({ name, description, operations: list }) =>
      `<h2>${name}</h2>${prose(description)}${list.map(({ html }) => html).join('\n')}`,
  )
  .join('\n')}
<h2>Schemas</h2>
${Object.entries(document.components.schemas).map(schemaOf).join('\n')}
</main></body></html>
`);
