// SPDX-License-Identifier: Apache-2.0
//
// Requests made up from the OpenAPI document: none is answered with a 5xx, and no answer breaks the
// document. ERRAND_FUZZ_SEED and ERRAND_FUZZ_ROUNDS (requests an operation) make other ones.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Generator } from './support/generator.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const seed = Number(process.env.ERRAND_FUZZ_SEED ?? 1);
const rounds = Number(process.env.ERRAND_FUZZ_ROUNDS ?? 12);

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const document = JSON.parse(readFileSync(new URL('../../openapi/errand.json', import.meta.url)));
const generator = new Generator(document, seed);

/** Ids of what was seen to exist, the latest last; old ones are forgotten. */
const ids = [];
function learn(json) {
  for (const value of Object.values(json ?? {})) {
    if (typeof value?.id === 'string') ids.push(value.id);
  }
  ids.splice(0, ids.length - 30);
}

/** What an agent calls wants an agent's credential. */
async function registerAgent() {
  const registration = {
    name: 'fuzzed',
    region: 'local',
    cpu: 1,
    mem_total: 1024,
    disk_free: 1 << 30,
    version: '0.1.0',
    runtimes: ['crun'],
    labels: {},
    public_key: Buffer.alloc(32, 9).toString('base64'),
  };
  const join = stack.client.as(stack.tokens.join);
  const { status, json, text } = await join.post('/agent/v1/register', registration);
  assert.equal(status, 200, text);
  return stack.client.as(json.credential);
}

test(`made-up requests (seed ${seed})`, async (t) => {
  const runner = await makeRunner(stack.client, { name: 'fuzzed' });
  const run = await trigger(stack.client, runner);
  const agent = await registerAgent();

  for (const operation of generator.operations()) {
    const { method, path } = operation;
    await t.test(`${method} ${path}`, async () => {
      const client = path.startsWith('/agent/') ? agent : stack.client;
      for (let i = 0; i < rounds; i++) {
        const known = [runner.id, run.id, ...ids];
        const request = generator.request(operation, known);
        const answer = await client.request(request.method, request.path, request);
        const what = `${JSON.stringify(request).slice(0, 2000)}\n${answer.text.slice(0, 500)}`;
        assert.ok(answer.status < 500, `${answer.status} to ${what}`);
        learn(answer.json);
      }
      assert.ok(stack.api.isRunning, 'errand-api is gone');
    });
  }
});
