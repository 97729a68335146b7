/**
 * Makes an input shorter, and its bytes plainer, as long as it still fails.
 * @param attempts how often `fails` may be asked
 */
export async function shrink(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
  attempts: number,
): Promise<Uint8Array> {
  let smallest = input;
  let left = attempts;
  const accept = async (candidate: Uint8Array): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length; ) {
      if (!(await accept(without(smallest, at, size)))) at += size;
    }
  }
  for (let at = 0; at < smallest.length; at += 1) {
    if (smallest[at] !== PLAIN) await accept(smallest.with(at, PLAIN));
  }
  return smallest;
}

const PLAIN = 'a'.charCodeAt(0);

function without(input: Uint8Array, at: number, size: number): Uint8Array {
  return new Uint8Array(Buffer.concat([input.subarray(0, at), input.subarray(at + size)]));
}
