// SPDX-License-Identifier: Apache-2.0
//
// What runners choose from. It changes so rarely that a page asks once.

import { api, take, type Schemas } from '../../api/client';

const query = { per_page: 100 };

export const loadTypes = async (): Promise<Schemas['InstanceType'][]> =>
  (await take(api.GET('/v1/instance_types', { params: { query } }))).instance_types;

export const loadRegions = async (): Promise<Schemas['Region'][]> => (await take(api.GET('/v1/regions', { params: { query } }))).regions;

export const loadRegistries = async (): Promise<Schemas['ContainerRegistry'][]> =>
  (await take(api.GET('/v1/container_registries', { params: { query } }))).container_registries;
