// SPDX-License-Identifier: Apache-2.0
//
// The document is clean, and its committed bundle is what its sources say.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Contract } from '../contract.mjs';
import { bodies, resolve } from '../examples.mjs';

const REDOCLY = fileURLToPath(new URL('../redocly.sh', import.meta.url));
const COMMITTED = fileURLToPath(new URL('../../../../openapi/errand.json', import.meta.url));

function redocly(...args) {
  const { status, stdout, stderr } = spawnSync(REDOCLY, args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}

test('the document passes the strict rules', () => {
  redocly('lint');
});

test('openapi/errand.json is current (npm run bundle)', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'errand-bundle.'));
  t.after(() => rmSync(dir, { recursive: true }));
  const fresh = join(dir, 'errand.json');
  redocly('bundle', fresh);
  assert.equal(readFileSync(COMMITTED, 'utf8'), readFileSync(fresh, 'utf8'));
});

test('the page is made of the committed document', () => {
  const render = new URL('../render.mjs', import.meta.url);
  const fresh = execFileSync('node', [render.pathname], { input: readFileSync(COMMITTED) });
  const page = new URL('../../../../openapi/docs.html', import.meta.url);
  assert.equal(readFileSync(page, 'utf8'), fresh.toString('utf8'));
});

test('every object that we answer refuses stray fields', () => {
  const { paths, components } = JSON.parse(readFileSync(COMMITTED, 'utf8'));
  const open = [];
  const seen = new Set();
  const walk = (node, where) => {
    if (node === null || typeof node !== 'object') return;
    if (node.$ref) {
      const name = node.$ref.split('/').slice(2).join('/');
      if (!seen.has(name)) {
        seen.add(name);
        const [kind, key] = name.split('/');
        walk(components[kind][key], name);
      }
    } else if (node.properties && node.additionalProperties === undefined) {
      open.push(where);
    }
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'example') walk(child, `${where}/${key}`);
    }
  };
  for (const [path, item] of Object.entries(paths)) {
    for (const method of ['get', 'post', 'patch', 'delete']) {
      if (item[method]) walk(item[method].responses, `${method} ${path}`);
    }
  }
  assert.deepEqual(open, []);
});

test('every body has an example, and it is one', () => {
  const contract = Contract.load();
  const document = JSON.parse(readFileSync(COMMITTED, 'utf8'));
  const problems = bodies(document).flatMap(({ where, media }) => {
    const schema = resolve(document, media.schema);
    const example = media.example ?? schema.example;
    return example === undefined
      ? [`${where} has none`]
      : contract.compile(media.schema)(where, example);
  });
  assert.deepEqual(problems, []);
});
