/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/container_registry_json.h"

#include "http/members.h"

json_t *container_registry_json(const struct container_registry *registry)
{
    if (id_is_nil(registry->id))
        return json_null();
    json_t *object = json_object();
    member_id(object, "id", registry->id);
    member_text(object, "status", registry->status);
    member_text(object, "registry_type", registry->registry_type);
    member_text(object, "name", registry->name);
    member_text(object, "hostname", registry->hostname);
    member_bool(object, "has_credentials", registry->username != NULL);
    member_bool(object, "insecure", registry->insecure);
    member_text(object, "ca_pem", registry->ca_pem);
    member_id(object, "region_id", registry->region);
    member_time(object, "created_at", registry->created_at_us);
    member_time(object, "updated_at", registry->updated_at_us);
    return object;
}
