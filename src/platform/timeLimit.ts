/**
 * Waits for `work`, but not for ever. What takes too long goes on; nobody waits for it any more.
 * @returns whether it was done in time. Its failure counts as done: whoever cares about it looks at `work` itself.
 */
export async function endsWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
