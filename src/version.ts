/** The same as in package.json. */
export const version = '0.1.0';

/** Set by the build to the commit it builds; a development tree has none. */
declare const PODSHIM_REVISION: string | undefined;

/** The commit this was built from. */
export const revision = typeof PODSHIM_REVISION === 'string' ? PODSHIM_REVISION : 'unknown';
