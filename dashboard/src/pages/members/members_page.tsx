// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { allPages } from '../../api/all_pages';
import { api, take, type Schemas } from '../../api/client';
import { may, session } from '../../api/session';
import { useForm } from '../../forms/form';
import { Confirm, Dialog } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { SelectField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { tell, tellError } from '../../ui/toast';

type Member = Schemas['Member'];
type Role = Schemas['Role'];

const ROLES: { value: Role; label: string; may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'sees everything but secrets' },
  { value: 'operator', label: 'Operator', may: 'also runs, stops and reruns' },
  { value: 'developer', label: 'Developer', may: 'also changes runners, registries and environments' },
  { value: 'admin', label: 'Admin', may: 'also manages members, tokens and the audit log' },
];

function loadMembers(signal: AbortSignal): Promise<Member[]> {
  return allPages(async (query) => {
    const answer = await take(api.GET('/v1/members', { params: { query }, signal }));
    return { items: answer.members, meta: answer.meta };
  });
}

export function MembersPage() {
  const members = useResource('members', loadMembers, 15_000);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const list = members.data;

  function done(text: string) {
    setAdding(false);
    setRemoving(null);
    tell(text);
    void members.reload();
  }

  async function change(member: Member, role: Role) {
    try {
      await take(api.PATCH('/v1/members/{user_id}', { params: { path: { user_id: member.user_id } }, body: { role } }));
      done(`${member.name} is ${role} now.`);
    } catch (error) {
      tellError(error);
      void members.reload();
    }
  }

  const add = may('admin') && (
    <button type="button" class="button primary" onClick={() => setAdding(true)}>
      <Icon name="plus" /> Add member
    </button>
  );

  return (
    <>
      <PageHead title="Members" lead="Who may look at this project, and what they may do in it.">
        {list?.length !== 0 && add}
      </PageHead>
      {members.error !== null && <Problem error={members.error} retry={() => void members.reload()} />}
      <div class="stack">
        <div class="card">
          {list?.length === 0 ? (
            <Empty title="No members yet" action={add}>
              <p>Administrators of the installation see every project. Add the people who shall work in this one.</p>
            </Empty>
          ) : (
            <div class="table-box">
              <table>
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>Role</th>
                    <th class="wide-only">Since</th>
                    <th>
                      <span class="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list === undefined ? (
                    <SkeletonRows columns={4} rows={3} />
                  ) : (
                    list.map((member) => (
                      <tr key={member.user_id}>
                        <td>
                          <span class="cell-title">
                            {member.name} {member.user_id === session.value?.user?.id && <span class="chip">you</span>}
                          </span>
                          {member.email && <span class="cell-sub">{member.email}</span>}
                        </td>
                        <td>
                          {may('admin') ? (
                            <select class="input" aria-label={`Role of ${member.name}`} value={member.role} onChange={(e) => void change(member, e.currentTarget.value as Role)}>
                              {ROLES.map((role) => (
                                <option key={role.value} value={role.value} selected={role.value === member.role}>
                                  {role.label}
                                </option>
                              ))}
                            </select>
                          ) : (
                            ROLES.find((role) => role.value === member.role)?.label
                          )}
                        </td>
                        <td class="wide-only">
                          <TimeAgo at={member.created_at} />
                        </td>
                        <td class="actions">
                          {may('admin') && (
                            <button type="button" class="button plain small icon" title="Remove" aria-label={`Remove ${member.name}`} onClick={() => setRemoving(member)}>
                              <Icon name="trash" size={15} />
                            </button>
                          )}
                        </td>
                      </tr>
                    ))
                  )}
                </tbody>
              </table>
            </div>
          )}
        </div>
        <dl class="card card-body facts">
          {ROLES.map((role) => (
            <div key={role.value}>
              <dt>{role.label}</dt>
              <dd>{role.may}</dd>
            </div>
          ))}
        </dl>
      </div>
      {adding && <AddDialog onClose={() => setAdding(false)} onDone={(email) => done(`${email} is a member now.`)} />}
      {removing && (
        <Confirm
          title={`Remove ${removing.name}?`}
          submit="Remove member"
          act={() => take(api.DELETE('/v1/members/{user_id}', { params: { path: { user_id: removing.user_id } } }))}
          onClose={() => setRemoving(null)}
          onDone={() => done(`${removing.name} is no member any more.`)}
        >
          <p>They lose access to this project at once, on every device. Their user stays.</p>
        </Confirm>
      )}
    </>
  );
}

function AddDialog({ onClose, onDone }: { onClose: () => void; onDone: (email: string) => void }) {
  const form = useForm({ email: '', role: 'operator' as Role }, () => ({}));
  const { values, set, problems } = form;
  const save = () =>
    form.submit(async () => {
      await take(api.POST('/v1/members', { body: { email: values.email.trim(), role: values.role } }));
      onDone(values.email.trim());
    });
  return (
    <Dialog title="Add a member" submit="Add member" busy={form.busy} onSubmit={() => void save()} onClose={onClose}>
      {form.error !== null && <Problem error={form.error} />}
      <TextField label="Email" type="email" required value={values.email} problems={problems('email')} hint="Of a user of this installation." onInput={(text) => set('email', text)} />
      <SelectField label="Role" value={values.role} hint={`${ROLES.find((role) => role.value === values.role)?.may}.`} onInput={(role) => set('role', role as Role)} choices={ROLES} />
    </Dialog>
  );
}
