-- SPDX-License-Identifier: Apache-2.0
--
-- What was reserved on each hypervisor, every few minutes of the last day.

CREATE TABLE hypervisor_samples (
    hypervisor_id  uuid NOT NULL REFERENCES hypervisors,
    at             timestamptz NOT NULL,   -- a multiple of five minutes
    memory_used_mb int NOT NULL,           -- MiB that new runs could not have had
    cpu_used_milli int NOT NULL,           -- thousandths of a core, of runs assigned or running
    runs           int NOT NULL,
    PRIMARY KEY (hypervisor_id, at)
);
CREATE INDEX hypervisor_samples_by_age ON hypervisor_samples (at);

GRANT SELECT, INSERT, DELETE ON hypervisor_samples TO errand_api;
