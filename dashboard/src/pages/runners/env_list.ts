// SPDX-License-Identifier: Apache-2.0
import { allPages } from '../../api/all_pages';
import { api, take, type EnvVariable } from '../../api/client';

export async function loadEnv(runnerId: string, signal?: AbortSignal): Promise<EnvVariable[]> {
  const list = await allPages(async (query) => {
    const answer = await take(api.GET('/v1/runners/{runner_id}/env_variables', { params: { path: { runner_id: runnerId }, query }, signal }));
    return { items: answer.env_variables, meta: answer.meta };
  });
  return list.sort((a, b) => a.env_key.localeCompare(b.env_key));
}
