// SPDX-License-Identifier: Apache-2.0
export function Brand() {
  return (
    <>
      <img src="/favicon.svg" alt="" width={26} height={26} />
      Errand
    </>
  );
}
