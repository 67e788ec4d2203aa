// SPDX-License-Identifier: Apache-2.0
//
// Objects that tests start from.

import assert from 'node:assert/strict';

export const RUNNER = { name: 'sample', image_name: 'registry.test/sample' };
export const UNKNOWN_ID = '0190aaaa-0000-7000-8000-000000000000';

export async function makeRunner(client, fields = {}) {
  const { status, json, text } = await client.post('/v1/runners', { ...RUNNER, ...fields });
  assert.equal(status, 200, text);
  return json.runner;
}

export async function makeRegistry(client, fields = {}) {
  const { status, json, text } = await client.post('/v1/container_registries', {
    registry_type: 'custom',
    name: 'sample',
    hostname: 'registry.test',
    ...fields,
  });
  assert.equal(status, 200, text);
  return json.container_registry;
}

export async function trigger(client, runner, body = undefined, query = '') {
  const { status, json, text } = await client.post(`/v1/runners/${runner.id}/runs${query}`, body);
  assert.equal(status, 200, text);
  return json.run;
}

/** 400 with exactly these fields, and a sentence for each problem. */
export function assertProblems(answer, fields) {
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(Object.keys(answer.json.fields).sort(), [...fields].sort());
  const count = Object.values(answer.json.fields).flat().length;
  assert.equal(answer.json.errors.length, count, answer.text);
}

export function assertError(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, code);
}
