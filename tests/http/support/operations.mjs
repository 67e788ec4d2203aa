// SPDX-License-Identifier: Apache-2.0
//
// Every documented operation, so that a rule for all of them is tested for all of them.

import { readFileSync } from 'node:fs';

const document = JSON.parse(
  readFileSync(new URL('../../../openapi/errand.json', import.meta.url), 'utf8'),
);

const SAMPLE_BODIES = {
  createRunner: { name: 'sample', image_name: 'sample' },
  createEnvVariable: { env_key: 'KEY', env_val: 'value' },
  createContainerRegistry: { registry_type: 'ghcr', name: 'sample' },
  createProject: { name: 'sample project' },
  addMember: { email: 'nobody@example.org', role: 'viewer' },
  updateMember: { role: 'viewer' },
  createUser: { email: 'sample@example.org', name: 'Sample' },
  createToken: { name: 'sample', kind: 'user' },
  createHypervisorToken: { name: 'sample' },
  agentRegister: document.components.schemas.Registration.example,
  agentEvents: document.components.schemas.EventBatch.example,
};

/** {id, method, template, access: "public"|"token"|"joinToken"|"hypervisorCredential", …}[] */
export const operations = Object.entries(document.paths).flatMap(([template, item]) =>
  ['get', 'put', 'post', 'patch', 'delete']
    .filter((method) => item[method])
    .map((method) => {
      const operation = item[method];
      const security = operation.security ?? document.security;
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        template,
        /** Who may: public, self, read, run, write, env, admin, installation; absent for agents. */
        scope: operation['x-access'],
        access: security.length === 0 ? 'public' : Object.keys(security[0])[0],
        statuses: Object.keys(operation.responses).map(Number),
        bodyType: Object.keys(operation.requestBody?.content ?? {})[0] ?? null,
        bodyRequired: operation.requestBody?.required ?? false,
        body: operation.requestBody ? (SAMPLE_BODIES[operation.operationId] ?? {}) : undefined,
      };
    }),
);

/** "/v1/runs/{run_id}" with ids put in; `ids` by parameter name. */
export function pathOf(operation, ids) {
  return operation.template.replace(/\{(\w+)\}/g, (_, name) => ids[name]);
}
