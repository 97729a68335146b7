import { createLogger } from '../../../src/shim/logger.ts';

const [, , path = ''] = process.argv;
createLogger({ path, debug: false, fields: {}, takeOverStandardError: true });
throw new Error('the runtime reports this one');
