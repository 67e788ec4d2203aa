// SPDX-License-Identifier: Apache-2.0
//
// What can be done to a row of a table: change it, take it away.

import { Icon } from './icon';

interface RowActionsProps {
  name: string;
  onChange: () => void;
  onDelete: () => void;
}

export function RowActions({ name, onChange, onDelete }: RowActionsProps) {
  return (
    <>
      <button type="button" class="button plain small icon" title="Change" aria-label={`Change ${name}`} onClick={onChange}>
        <Icon name="edit" size={15} />
      </button>
      <button type="button" class="button plain small icon" title="Delete" aria-label={`Delete ${name}`} onClick={onDelete}>
        <Icon name="trash" size={15} />
      </button>
    </>
  );
}
